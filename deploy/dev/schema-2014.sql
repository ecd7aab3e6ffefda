-- The database of 2014 (from 20 March on): actions belong to alarms, states and types are enums.
-- Applied to an empty database (utf8mb4, InnoDB) that the connection has selected.
CREATE TABLE alarm (
  id varchar(36) NOT NULL,
  tenant_id varchar(36) NOT NULL,
  name varchar(250) DEFAULT NULL,
  description varchar(250) DEFAULT NULL,
  expression mediumtext,
  state enum('UNDETERMINED','OK','ALARM') NOT NULL,
  enabled tinyint(1) NOT NULL DEFAULT 1,
  created_at datetime NOT NULL,
  updated_at datetime NOT NULL,
  deleted_at datetime DEFAULT NULL,
  PRIMARY KEY (id),
  KEY tenant_id (tenant_id),
  KEY created_at (created_at));

CREATE TABLE alarm_action (
  alarm_id varchar(36) NOT NULL,
  alarm_state enum('UNDETERMINED','OK','ALARM') NOT NULL,
  action_id varchar(36) NOT NULL,
  PRIMARY KEY (alarm_id, alarm_state, action_id),
  CONSTRAINT fk_alarm_action_alarm_id FOREIGN KEY (alarm_id) REFERENCES alarm (id) ON DELETE CASCADE);

CREATE TABLE notification_method (
  id varchar(36) NOT NULL,
  tenant_id varchar(36) NOT NULL,
  name varchar(250) DEFAULT NULL,
  type enum('EMAIL','SMS') NOT NULL,
  address varchar(100) DEFAULT NULL,
  created_at datetime NOT NULL,
  updated_at datetime NOT NULL,
  PRIMARY KEY (id));
