// Apart, because what is injected into web sites needs the table and the class without the schemas.
export { ERRORS, type ErrorCode } from './error-table.ts';
export { fromWireError, toWireError, WebplatError } from './webplat-error.ts';
export { ErrorData, WireError } from './wire-error.ts';
