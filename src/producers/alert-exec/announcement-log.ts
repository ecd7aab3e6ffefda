import type { Telemetry } from '../../telemetry/telemetry.js';
import type { Announcement, Receipt } from '../announcement.js';
import type { AnnouncerEars } from '../announcer.js';

/** Turns what becomes of announcements into log lines and figures of `alert-exec`. */
export function announcementLog(telemetry: Telemetry, attempts: number): AnnouncerEars {
  return {
    attempted(announcement, receipt) {
      const kind = kindOf(announcement);
      telemetry.count('alert_exec_delivery_attempts_total', { kind, result: receipt.outcome });
      if (receipt.outcome !== 'accepted') tellFailure(telemetry, announcement, receipt, attempts);
    },
    ended(announcement, outcome) {
      telemetry.count('alert_exec_deliveries_total', { kind: kindOf(announcement), outcome });
      if (outcome !== 'accepted') return;
      const { alarm, finding } = announcement;
      telemetry.event('alert_announced', { alert: alarm.name, kind: kindOf(announcement), status: finding.status });
    },
  };
}

type Kind = 'notify' | 'repeat' | 'resolve';

function kindOf({ kind, finding }: Omit<Announcement, 'attempt'>): Kind {
  if (kind === 'repeat') return 'repeat';
  return finding.status === 'OK' ? 'resolve' : 'notify';
}

function tellFailure(
  telemetry: Telemetry,
  announcement: Announcement,
  receipt: Extract<Receipt, { cause: string }>,
  attempts: number,
): void {
  const { alarm, attempt } = announcement;
  const word = kindOf(announcement) === 'resolve' ? 'resolve' : 'notify';
  const worker = `${word}${alarm.worker}`;
  // A delivery is never given up: behind the quick attempts there is no number to count to.
  const count = attempt <= attempts ? `attempt ${attempt} of ${attempts}` : `attempt ${attempt}`;
  const msg = `Worker ${worker} failed to ${word} for ${alarm.name} (${count}): ${receipt.cause}`;
  telemetry.event('alert_attempt_failed', { msg, worker, alert: alarm.name, attempt, cause: receipt.cause });
}
