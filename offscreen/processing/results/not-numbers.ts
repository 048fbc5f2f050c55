import { WebplatError } from '../../../src/protocol/errors.ts';

/** What was computed says nothing: the runtime broke down, or the weights are such. */
export class NotNumbers extends WebplatError {
  constructor() {
    super('engine-failed', 'The model computed no numbers.');
  }
}
