-- Definitions, methods and actions of the demo; applied after schema.sql. Replace before use: @WEBHOOK@ and @SLOW@ by the base
-- addresses (http://host:port) of two receivers.
INSERT IGNORE INTO notification_method_type (name) VALUES ('EMAIL'), ('WEBHOOK'), ('SLACK');

INSERT INTO alarm_definition (id, tenant_id, name, description, expression, severity, created_at, updated_at) VALUES
  ('d-cpu', 'tenant-1', 'High CPU', 'CPU idle is below 10 per cent', 'avg(cpu.idle_perc) < 10', 'HIGH', NOW(), NOW()),
  ('d-disk', 'tenant-1', 'Disk full', 'A disk has less than 5 per cent left', 'min(disk.free_perc) < 5', 'CRITICAL', NOW(), NOW()),
  ('d-login', 'tenant-1', 'Login slow', 'The login page answers late', 'max(http.login_ms) > 2000', 'MEDIUM', NOW(), NOW()),
  ('d-backup', 'tenant-1', 'Backup late', 'No backup for a day', 'max(backup.age_hours) > 24', 'LOW', NOW(), NOW()),
  ('d-errors', 'tenant-1', 'Request errors', 'Requests fail', 'sum(http.errors) > 0', 'HIGH', NOW(), NOW()),
  ('d-shop', 'tenant-1', 'Web shop', 'The shop does not answer', 'monitor-endpoints', 'CRITICAL', NOW(), NOW());

-- A producer writes the new state here before it publishes; a retry of an alarm in another state is not sent.
INSERT INTO alarm (id, alarm_definition_id, state, created_at, state_updated_at, updated_at) VALUES
  ('a-cpu', 'd-cpu', 'OK', NOW(), NOW(), NOW()),
  ('a-disk', 'd-disk', 'OK', NOW(), NOW(), NOW()),
  ('a-login', 'd-login', 'ALARM', NOW(), NOW(), NOW()),
  ('a-backup', 'd-backup', 'OK', NOW(), NOW(), NOW());

-- m-digest is told in digests: the configuration says so. How the receivers behave is their own script: m-slow thinks for two seconds, m-busy answers 503 once, m-gone 404.
INSERT INTO notification_method (id, tenant_id, name, type, address, created_at, updated_at, period) VALUES
  ('m-mail', 'tenant-1', 'On-call mail', 'EMAIL', 'oncall@example.org', NOW(), NOW(), 0),
  ('m-webhook', 'tenant-1', 'Ticket system', 'WEBHOOK', '@WEBHOOK@/tickets', NOW(), NOW(), 0),
  ('m-slack', 'tenant-1', 'Operations channel', 'SLACK', '@WEBHOOK@/services/T1/B1/x', NOW(), NOW(), 0),
  ('m-slow', 'tenant-1', 'Slow pager', 'WEBHOOK', '@SLOW@/pager', NOW(), NOW(), 0),
  ('m-busy', 'tenant-1', 'Busy receiver', 'WEBHOOK', '@WEBHOOK@/busy', NOW(), NOW(), 0),
  ('m-gone', 'tenant-1', 'Removed receiver', 'WEBHOOK', '@WEBHOOK@/gone', NOW(), NOW(), 0),
  ('m-stream', 'tenant-1', 'Event stream', 'WEBHOOK', '@WEBHOOK@/stream', NOW(), NOW(), 0),
  ('m-digest', 'tenant-1', 'Digest', 'WEBHOOK', '@WEBHOOK@/digest', NOW(), NOW(), 0);

INSERT INTO alarm_action (alarm_definition_id, alarm_state, action_id) VALUES
  ('d-cpu', 'ALARM', 'm-mail'),
  ('d-cpu', 'ALARM', 'm-webhook'),
  ('d-cpu', 'ALARM', 'm-slack'),
  ('d-cpu', 'ALARM', 'm-digest'),
  ('d-cpu', 'OK', 'm-mail'),
  ('d-disk', 'ALARM', 'm-slow'),
  ('d-disk', 'ALARM', 'm-digest'),
  ('d-login', 'ALARM', 'm-busy'),
  ('d-login', 'ALARM', 'm-digest'),
  ('d-backup', 'ALARM', 'm-gone'),
  ('d-backup', 'ALARM', 'm-digest'),
  ('d-errors', 'ALARM', 'm-stream'),
  ('d-shop', 'ALARM', 'm-mail'),
  ('d-shop', 'ALARM', 'm-webhook'),
  ('d-shop', 'ALARM', 'm-digest'),
  ('d-shop', 'OK', 'm-mail'),
  ('d-shop', 'OK', 'm-webhook');
