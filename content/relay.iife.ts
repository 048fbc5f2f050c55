import { startRelay } from './relay/start-relay.ts';

if (isSecureContext && document instanceof HTMLDocument) startRelay();
