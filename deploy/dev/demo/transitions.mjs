/**
 * The alarms of the demo, as a threshold engine would write them; sample-data.sql has their definitions.
 */
const definitions = {
  cpu: { name: 'High CPU', severity: 'HIGH', metric: 'cpu.idle_perc', text: 'avg(cpu.idle_perc) < 10' },
  disk: { name: 'Disk full', severity: 'CRITICAL', metric: 'disk.free_perc', text: 'min(disk.free_perc) < 5' },
  login: { name: 'Login slow', severity: 'MEDIUM', metric: 'http.login_ms', text: 'max(http.login_ms) > 2000' },
  backup: { name: 'Backup late', severity: 'LOW', metric: 'backup.age_hours', text: 'max(backup.age_hours) > 24' },
  errors: { name: 'Request errors', severity: 'HIGH', metric: 'http.errors', text: 'sum(http.errors) > 0' },
};

/** The message that a threshold engine would write for a state transition. */
export function transition(definition, newState, alarmId = `a-${definition}`) {
  const { name, severity, metric, text } = definitions[definition];
  const alarm = {
    tenantId: 'tenant-1',
    alarmId,
    alarmDefinitionId: `d-${definition}`,
    alarmName: name,
    alarmDescription: text,
    oldState: newState === 'OK' ? 'ALARM' : 'OK',
    newState,
    actionsEnabled: true,
    stateChangeReason: newState === 'OK' ? `${text} holds no more` : `Thresholds were exceeded: ${text}`,
    severity,
    link: null,
    lifecycleState: null,
    metrics: [{ id: null, name: metric, dimensions: { hostname: 'web-17', service: 'shop' } }],
    subAlarms: [],
    timestamp: Date.now(),
  };
  return JSON.stringify({ 'alarm-transitioned': alarm });
}
