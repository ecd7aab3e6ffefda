-- The database of the final generation: actions belong to alarm definitions, types and states are tables.
-- Applied to an empty database (utf8mb4, InnoDB) that the connection has selected.
CREATE TABLE alarm_state (
  name varchar(20) NOT NULL PRIMARY KEY);

CREATE TABLE alarm_definition_severity (
  name varchar(20) NOT NULL PRIMARY KEY);

CREATE TABLE notification_method_type (
  name varchar(20) NOT NULL PRIMARY KEY);

CREATE TABLE alarm_definition (
  id varchar(36) NOT NULL PRIMARY KEY,
  tenant_id varchar(36) NOT NULL,
  name varchar(255) NOT NULL DEFAULT '',
  description varchar(255) DEFAULT NULL,
  expression longtext NOT NULL,
  severity varchar(20) NOT NULL,
  match_by varchar(255) DEFAULT NULL,
  actions_enabled tinyint(1) NOT NULL DEFAULT 1,
  created_at datetime NOT NULL,
  updated_at datetime NOT NULL,
  deleted_at datetime DEFAULT NULL,
  KEY tenant_id (tenant_id),
  KEY deleted_at (deleted_at),
  CONSTRAINT fk_alarm_definition_severity FOREIGN KEY (severity) REFERENCES alarm_definition_severity (name));

CREATE TABLE alarm (
  id varchar(36) NOT NULL PRIMARY KEY,
  alarm_definition_id varchar(36) NOT NULL DEFAULT '',
  state varchar(20) NOT NULL,
  lifecycle_state varchar(50) DEFAULT NULL,
  link varchar(512) DEFAULT NULL,
  created_at datetime NOT NULL,
  state_updated_at datetime DEFAULT NULL,
  updated_at datetime NOT NULL,
  CONSTRAINT fk_alarm_definition_id FOREIGN KEY (alarm_definition_id) REFERENCES alarm_definition (id) ON DELETE CASCADE,
  CONSTRAINT fk_alarm_state FOREIGN KEY (state) REFERENCES alarm_state (name));

CREATE TABLE notification_method (
  id varchar(36) NOT NULL PRIMARY KEY,
  tenant_id varchar(36) NOT NULL,
  name varchar(250) DEFAULT NULL,
  type varchar(20) NOT NULL,
  address varchar(512) DEFAULT NULL,
  created_at datetime NOT NULL,
  updated_at datetime NOT NULL,
  period int NOT NULL DEFAULT 0,
  CONSTRAINT fk_alarm_noticication_method_type FOREIGN KEY (type) REFERENCES notification_method_type (name));

CREATE TABLE alarm_action (
  alarm_definition_id varchar(36) NOT NULL,
  alarm_state varchar(20) NOT NULL,
  action_id varchar(36) NOT NULL,
  PRIMARY KEY (alarm_definition_id, alarm_state, action_id),
  CONSTRAINT fk_alarm_action_definition FOREIGN KEY (alarm_definition_id) REFERENCES alarm_definition (id) ON DELETE CASCADE,
  CONSTRAINT fk_alarm_action_state FOREIGN KEY (alarm_state) REFERENCES alarm_state (name),
  CONSTRAINT fk_alarm_action_method FOREIGN KEY (action_id) REFERENCES notification_method (id) ON DELETE CASCADE);

INSERT INTO alarm_state (name) VALUES ('UNDETERMINED'), ('OK'), ('ALARM');
INSERT INTO alarm_definition_severity (name) VALUES ('LOW'), ('MEDIUM'), ('HIGH'), ('CRITICAL');
INSERT INTO notification_method_type (name) VALUES ('EMAIL'), ('WEBHOOK'), ('PAGERDUTY');
