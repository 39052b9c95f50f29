// What every ARI operation's handler is made of.

import type { Nickname, Resource } from "../api_operations.ts";
import type { OperationContext, OperationReply, Parameters } from "../operation.ts";
import { AriFailure } from "../wire.ts";

/** Executes one operation. @throws {AriFailure} what Asterisk 22.10.1 refuses, in its words. */
export type Handler = (
  context: OperationContext,
  params: Parameters,
) => OperationReply | Promise<OperationReply>;

/** The handlers of one resource's operations, by nickname. */
export type Handlers<R extends Resource> = Readonly<Record<Nickname<R>, Handler>>;

/** The reply of a command without a result. */
export const DONE: OperationReply = { status: 204 };

/** A reply with JSON. */
export function reply(json: unknown): OperationReply {
  return { status: 200, json };
}

/** A parameter of the path, which the router has found there. */
export function pathParameter(params: Parameters, name: string): string {
  return params.text(name) ?? "";
}

/** @throws {AriFailure} 400 when the parameter is missing. */
export function required(
  params: Parameters,
  name: string,
  message = `Missing parameter ${name}`,
): string {
  const value = params.text(name);
  if (value === undefined) throw new AriFailure(400, message);
  return value;
}

/** The parts of a parameter that may be given several times, or once with commas. */
export function list(params: Parameters, name: string): string[] {
  return params.all(name).flatMap((value) => value.split(",")).filter(Boolean);
}
