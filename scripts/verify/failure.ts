/** Why nothing was verified, in one line for the user: a folder that is none, a browser that is not there. */
export class VerifyFailure extends Error {}
