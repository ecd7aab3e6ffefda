/** The shapes of the inner parts of kafkajs 2.2.4 that we use; its own type files cover the outside only. */

export interface LibraryLogger {
  namespace(name: string): LibraryLogger;
}

export interface PoolOptions {
  readonly logger: LibraryLogger;
  readonly socketFactory: unknown;
  readonly brokers: readonly string[];
  readonly ssl: unknown;
  readonly sasl: unknown;
  readonly clientId: string;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly maxInFlightRequests: null;
}

export interface ConnectionPoolBuilder {
  build(destination: { host: string; port: number }): Promise<LibraryConnectionPool>;
}

/** Two connections to one broker: the second one is for Fetch alone, so that a long poll delays nothing else. */
export interface LibraryConnectionPool {
  readonly pool: readonly {
    readonly socket?: { destroy(error: Error): void };
    readonly requestQueue: { readonly pending: readonly unknown[]; scheduleCheckPendingRequests(): void };
  }[];
  send(call: LibraryCall): Promise<unknown>;
}

export interface LibraryCall {
  readonly request: unknown;
  readonly response: LibraryResponse;
  readonly requestTimeout?: number;
  readonly logResponseError?: boolean;
}

export interface LibraryResponse {
  decode(payload: unknown): Promise<unknown>;
  parse(decoded: unknown): Promise<unknown>;
}

export interface LibraryBrokerOptions {
  readonly connectionPool: LibraryConnectionPool;
  readonly logger: LibraryLogger;
  readonly allowAutoTopicCreation: boolean;
}

export interface LibraryBroker {
  connect(): Promise<void>;
  isConnected(): boolean;
  readonly connectionPool: LibraryConnectionPool;
  readonly lookupRequest: (apiKey: number, definition: RequestDefinition) => (parameters: unknown) => LibraryCall;
}

export interface RequestDefinition {
  protocol(choice: { version: number }): unknown;
}

/** One request with the answer as it is decoded, error codes included: no answer is thrown whole for the fault of one part. */
export interface Exchanges {
  Metadata: {
    ask: { topics: readonly string[]; allowAutoTopicCreation: false };
    answer: { brokers: readonly BrokerAddress[]; controllerId?: number; topicMetadata: readonly TopicAnswer[] };
  };
  Fetch: {
    ask: {
      maxWaitTime: number;
      minBytes: number;
      maxBytes: number;
      isolationLevel: number;
      rackId: '';
      topics: readonly { topic: string; partitions: readonly FetchAsked[] }[];
    };
    answer: {
      errorCode?: number;
      responses: readonly { topicName: string; partitions: readonly FetchedPartition[] }[];
    };
  };
  ListOffsets: {
    ask: {
      isolationLevel: number;
      topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[];
    };
    answer: {
      responses: readonly {
        topic: string;
        partitions: readonly { partition: number; errorCode: number; offset?: string; offsets?: readonly string[] }[];
      }[];
    };
  };
  Produce: {
    ask: {
      acks: -1;
      timeout: number;
      topicData: readonly ProducedTopic[];
      transactionalId?: string;
      producerId?: string;
      producerEpoch?: number;
    };
    answer: {
      topics?: readonly { topicName: string; partitions: readonly { partition: number; errorCode: number }[] }[];
    };
  };
  GroupCoordinator: {
    /** 0: of a group; 1: of a transactional id, which then stands in `groupId`. */
    ask: { groupId: string; coordinatorType: 0 | 1 };
    answer: { errorCode: number; coordinator: BrokerAddress };
  };
  OffsetCommit: {
    ask: {
      groupId: string;
      groupGenerationId: -1;
      memberId: '';
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number; offset: string; metadata?: string }[];
      }[];
    };
    answer: {
      responses: readonly {
        topic: string;
        partitions: readonly { partition: number; errorCode: number }[];
      }[];
    };
  };
  OffsetFetch: {
    ask: { groupId: string; topics: readonly { topic: string; partitions: readonly { partition: number }[] }[] };
    answer: {
      errorCode?: number;
      responses: readonly {
        topic: string;
        partitions: readonly { partition: number; offset: string; errorCode: number }[];
      }[];
    };
  };
  CreateTopics: {
    ask: {
      topics: readonly {
        topic: string;
        numPartitions: number;
        replicationFactor: number;
        configEntries?: readonly { name: string; value: string }[];
      }[];
      validateOnly: boolean;
      timeout: number;
    };
    answer: { topicErrors: readonly { topic: string; errorCode: number; errorMessage?: string | null }[] };
  };
  DescribeConfigs: {
    ask: {
      resources: readonly { type: 2; name: string; configNames: readonly string[] }[];
      includeSynonyms: false;
    };
    answer: {
      resources: readonly {
        errorCode: number;
        resourceName: string;
        configEntries: readonly { configName: string; configValue: string | null }[];
      }[];
    };
  };
  InitProducerId: {
    ask: { transactionalId: string; transactionTimeout: number };
    answer: { errorCode: number; producerId: string; producerEpoch: number };
  };
  AddPartitionsToTxn: {
    ask: TransactionNamed & { topics: readonly { topic: string; partitions: readonly number[] }[] };
    answer: {
      errors: readonly { topic: string; partitionErrors: readonly { partition: number; errorCode: number }[] }[];
    };
  };
  AddOffsetsToTxn: { ask: TransactionNamed & { groupId: string }; answer: { errorCode: number } };
  TxnOffsetCommit: {
    ask: TransactionNamed & {
      groupId: string;
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number; offset: string; metadata: string | null }[];
      }[];
    };
    answer: {
      topics: readonly { topic: string; partitions: readonly { partition: number; errorCode: number }[] }[];
    };
  };
  EndTxn: { ask: TransactionNamed & { transactionResult: boolean }; answer: { errorCode: number } };
}

interface TransactionNamed {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface TopicAnswer {
  readonly topicErrorCode: number;
  readonly topic: string;
  readonly partitionMetadata: readonly { partitionId: number; leader: number; replicas: readonly number[] }[];
}

export interface FetchAsked {
  readonly partition: number;
  readonly fetchOffset: string;
  readonly maxBytes: number;
}

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly abortedTransactions?: readonly { producerId: string; firstOffset: string }[] | null;
  readonly messages: readonly FetchedRecord[];
}

/** `batchContext` is missing in the formats before Kafka 0.11. */
export interface FetchedRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | readonly Buffer[] | null>>;
  readonly isControlRecord?: boolean;
  readonly batchContext?: {
    readonly firstOffset: string;
    readonly lastOffsetDelta: number;
    readonly producerId: string;
    readonly inTransaction: boolean;
  };
}

export interface ProducedRecord {
  readonly key: string | Uint8Array;
  readonly value: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

interface ProducedTopic {
  readonly topic: string;
  readonly partitions: readonly {
    partition: number;
    /** Inside a transaction: the number of the first message, counted per partition since the producer began. */
    firstSequence?: number;
    messages: readonly (Omit<ProducedRecord, 'value'> & { readonly value: string | Uint8Array | null })[];
  }[];
}
