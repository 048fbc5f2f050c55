import { describe, expect, it } from 'vitest';
import { CAVEATS, NOW } from '../../../test/ui/fake-state.ts';
import { editGrant, grantDraftOf } from './grant-edit.ts';

describe('editGrant', () => {
  it('changes nothing by itself', () => {
    expect(editGrant(CAVEATS, grantDraftOf(CAVEATS), NOW)).toEqual({ ok: true, caveats: CAVEATS });
    const any = { ...CAVEATS, models: '*', tasks: '*', maxMemoryBytes: 123_456_789 } as const;
    expect(editGrant(any, grantDraftOf(any), NOW)).toEqual({ ok: true, caveats: any });
  });

  it('edits limits in both directions and every other caveat', () => {
    const draft = grantDraftOf(CAVEATS);
    const edited = editGrant(
      CAVEATS,
      {
        ...draft,
        models: '*',
        tasks: new Set(['tensors']),
        limits: { ...draft.limits, maxTokens: '2048', maxConcurrent: '1' },
        expiry: 'hour',
        topLevelOnly: true,
      },
      NOW,
    );
    expect(edited).toEqual({
      ok: true,
      caveats: {
        ...CAVEATS,
        models: '*',
        tasks: ['tensors'],
        maxTokens: 2048,
        maxConcurrent: 1,
        expiry: NOW + 3_600_000,
        topLevelOnly: true,
      },
    });
  });

  it('says what is wrong with each field at once', () => {
    const draft = grantDraftOf(CAVEATS);
    const edited = editGrant(
      CAVEATS,
      {
        ...draft,
        models: new Set(),
        tasks: new Set(),
        limits: { ...draft.limits, maxRatePerMinute: 'often' },
        expiry: 'at',
        expiryAt: '2001-01-01T00:00',
      },
      NOW,
    );
    expect(edited).toEqual({
      ok: false,
      errors: {
        models: expect.any(String),
        tasks: expect.any(String),
        maxRatePerMinute: 'Type a number of requests a minute.',
        expiry: 'Choose a time that is still to come.',
      },
    });
  });

  it('needs a whole date for an end on a date', () => {
    const draft = { ...grantDraftOf(CAVEATS), expiry: 'at', expiryAt: '' } as const;
    expect(editGrant(CAVEATS, draft, NOW)).toMatchObject({ errors: { expiry: 'Choose a date and a time.' } });
  });
});
