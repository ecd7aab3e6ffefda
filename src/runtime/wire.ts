import { EngineError, type ErrorCode, errorCodes, messageOf } from '../domain/errors.js';
import { type AlarmPosition, parseOffset } from '../domain/position.js';
import type { Parcel } from '../ports/flow.js';
import type { WireError, WireParcel, WirePosition } from './protocol.js';

export function toWirePosition(at: AlarmPosition): WirePosition {
  return { topic: at.topic, partition: at.partition, offset: at.offset.toString() };
}

/** @throws RangeError when the offset is none: the other side speaks nonsense. */
export function fromWirePosition(at: WirePosition): AlarmPosition {
  return { topic: at.topic, partition: at.partition, offset: parseOffset(at.offset) };
}

export function toWireParcel(parcel: Parcel): WireParcel {
  return { at: toWirePosition(parcel.position), orderKey: parcel.orderKey, payload: parcel.payload };
}

/** @throws RangeError, TypeError when it is no parcel. */
export function fromWireParcel(parcel: WireParcel): Parcel {
  if (typeof parcel.payload !== 'string' || typeof parcel.orderKey !== 'string')
    throw new TypeError('expected a parcel');
  return { position: fromWirePosition(parcel.at), orderKey: parcel.orderKey, payload: parcel.payload };
}

/** An error as it crosses processes; of a library's error only name and text. */
export function toWireError(error: unknown): WireError {
  const base = { name: error instanceof Error ? error.name : 'Error', message: messageOf(error) };
  const stack = error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
  return error instanceof EngineError ? { ...base, ...stack, code: error.code } : { ...base, ...stack };
}

/** The code of an error that crossed, if it is one of ours. */
export function codeOf(error: WireError): ErrorCode | undefined {
  return errorCodes.find((code) => code === error.code);
}
