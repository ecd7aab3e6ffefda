import { ConfigurationError, type EngineError, messageOf } from '../../domain/errors.js';

/** An error code that a broker answered with. Stays inside this folder. Source: the protocol guide of Apache Kafka, "Error Codes". */
export class KafkaFailure extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, attempted: string) {
    super(`${attempted}: ${errorName(errorCode)}`);
    this.name = 'KafkaFailure';
    this.errorCode = errorCode;
  }
}

/** An answer that arrived whole and cannot be decoded, such as records in a codec that is not built in. Asking again does not help. */
export class UnreadableAnswer extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = 'UnreadableAnswer';
  }
}

export const kafkaError = {
  none: 0,
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  messageTooLarge: 10,
  invalidTopic: 17,
  recordListTooLarge: 18,
  unknownMember: 25,
  topicForbidden: 29,
  groupForbidden: 30,
  clusterForbidden: 31,
  topicExists: 36,
  invalidPartitions: 37,
  invalidReplicationFactor: 38,
  policyViolated: 44,
  unsupportedForMessageFormat: 43,
  rebalanceInProgress: 27,
  illegalGeneration: 22,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  producerFenced: 90,
  invalidProducerEpoch: 47,
  invalidTransactionState: 48,
  invalidProducerIdMapping: 49,
  concurrentTransactions: 51,
  transactionalIdForbidden: 53,
} as const;

const names: Readonly<Record<number, string>> = {
  [-1]: 'the broker met an unexpected error',
  1: 'OFFSET_OUT_OF_RANGE',
  2: 'CORRUPT_MESSAGE',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  5: 'LEADER_NOT_AVAILABLE',
  6: 'NOT_LEADER_OR_FOLLOWER',
  7: 'REQUEST_TIMED_OUT',
  9: 'REPLICA_NOT_AVAILABLE',
  10: 'MESSAGE_TOO_LARGE',
  14: 'COORDINATOR_LOAD_IN_PROGRESS',
  15: 'COORDINATOR_NOT_AVAILABLE',
  16: 'NOT_COORDINATOR',
  17: 'INVALID_TOPIC_EXCEPTION',
  18: 'RECORD_LIST_TOO_LARGE',
  19: 'NOT_ENOUGH_REPLICAS',
  20: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  22: 'ILLEGAL_GENERATION',
  25: 'UNKNOWN_MEMBER_ID',
  27: 'REBALANCE_IN_PROGRESS',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  30: 'GROUP_AUTHORIZATION_FAILED',
  31: 'CLUSTER_AUTHORIZATION_FAILED',
  37: 'INVALID_PARTITIONS',
  38: 'INVALID_REPLICATION_FACTOR',
  43: 'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  44: 'POLICY_VIOLATION',
  45: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  46: 'DUPLICATE_SEQUENCE_NUMBER',
  47: 'INVALID_PRODUCER_EPOCH',
  48: 'INVALID_TXN_STATE',
  49: 'INVALID_PRODUCER_ID_MAPPING',
  51: 'CONCURRENT_TRANSACTIONS',
  53: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  56: 'KAFKA_STORAGE_ERROR',
  74: 'FENCED_LEADER_EPOCH',
  75: 'UNKNOWN_LEADER_EPOCH',
  78: 'OFFSET_NOT_AVAILABLE',
  87: 'INVALID_RECORD',
  90: 'PRODUCER_FENCED',
};

/** The name by which people find an error code in Kafka's documentation. */
export function errorName(errorCode: number): string {
  return names[errorCode] ?? `error code ${errorCode}`;
}

/** The error that ends the engine, for the few codes that no waiting cures; undefined for all others. */
export function lastingFailure(errorCode: number, attempted: string): EngineError | undefined {
  switch (errorCode) {
    case kafkaError.topicForbidden:
    case kafkaError.groupForbidden:
    case kafkaError.clusterForbidden:
    case kafkaError.transactionalIdForbidden:
      return new ConfigurationError(
        'RIGHT_MISSING',
        `${attempted}: Kafka answers ${errorName(errorCode)}; grant the right to the user of this engine`,
      );
    case kafkaError.invalidTopic:
      return new ConfigurationError('CONFIG_INVALID', `${attempted}: Kafka does not accept this topic name`);
    default:
      return undefined;
  }
}
