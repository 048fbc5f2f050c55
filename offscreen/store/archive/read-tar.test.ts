import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { paxEntry, type TarEntry, tarOf } from '../../../test/support/tar.ts';
import { readPax, writePax } from './pax.ts';
import { readTar } from './read-tar.ts';
import { readHeader, writeHeader } from './tar-header.ts';
import { writeTar } from './write-tar.ts';

/** Folders that GNU tar 1.34 packed, with and without a name that needs a pax record. */
const GNU =
  'H4sIAAAAAAACA+3WSw7CIBQFUMauoukCaAuFJu6GKP0YBVMwmhj3bjWOiKkj8HfP5BFgdnOTRwsSXTlphLjPSTifnBspGMkESeDgvBqzjIzW+rl/r96/FC2sMafis/KvSslr5J8w/51d6y29HSPlL+t6Jn8R5M8k5yQrkX903aj2PYF/RR/Vd6rVXhtnR/eG/jdB/zljAv1P4aiHrvcORfjb/q+saYeObpw1Efe/2f5X4f7Hpjv0P4VzrvJldVmgCQAAAAAAAAAAAAAAAL/hClXMU+UAKAAA';
const PAX =
  'H4sIAAAAAAACA+3XwU7DIAAGYM4+RbMHaIFBSUy8e/QViGPtjIUFMDYxvrusJ8XYXVam9v8OpUlJmvbv38Dgdua5IYuiiZJyGpN8/H7OOGOSVJIU8BKi9un23rk4N+/c9fzh/ohhyt9ZOza/KP8tVQr5F87/QY/3Ru+MD81wUaf30QrxY/6c86/5b3krUv5jyfzJOjHRVkcd+7tPH8JwJfXp7jcErtP/xXI9139KZdb/lgpGKor//+I6r489arDy/k/HOui9icYG58PF13/z/VfZ+k8KRdH/El7NoetjQBFW3f9HZ/eHrn4Kzi60/5vtP8v3f4Kn6eh/AW8bvbll71h1AwAAAAAAAAAAAPwzH3iBBQYAKAAA';

const unpacked = (text: string) => new Blob([new Uint8Array(gunzipSync(Buffer.from(text, 'base64')))]);
const contents = async (archive: Blob) =>
  Object.fromEntries(
    await Promise.all((await readTar(archive)).map(async ({ path, content }) => [path, await content.text()])),
  );
const file = (name: string, content = 'x'): TarEntry => ({ name, content });

describe('an archive of another program', () => {
  it('is read, folders passed over', async () => {
    expect(await contents(unpacked(GNU))).toEqual({
      'config.json': '{"a":1}\n',
      'model.safetensors': 'weights',
      'onnx/model.onnx': 'graph',
    });
  });

  it('is read with names from pax records', async () => {
    expect(await contents(unpacked(PAX))).toEqual({
      'model/config.json': '{"a":1}\n',
      'model/model.safetensors': 'weights',
      [`model/onnx/${'m'.repeat(120)}.onnx`]: 'graph',
    });
  });

  it('is read with a prefix, and a size to the base of 256', async () => {
    const rawSize = new Uint8Array(12);
    rawSize.set([0x80], 0);
    rawSize.set([3], 11);
    expect(await contents(tarOf([{ name: 'b.json', prefix: 'a', content: 'abc', rawSize }]))).toEqual({
      'a/b.json': 'abc',
    });
  });
});

describe('a hostile archive', () => {
  const large = new Uint8Array(12).fill(0xff);
  large[0] = 0x80;
  it.each<[string, readonly TarEntry[], string]>([
    ['a way out', [file('../config.json')], 'outside'],
    ['a way out in the middle', [file('onnx/../../config.json')], 'outside'],
    ['a way out behind a dot', [file('./../config.json')], 'outside'],
    ['a way out in the prefix', [{ ...file('config.json'), prefix: '..' }], 'outside'],
    ['a way out in a pax record', [paxEntry({ path: '../config.json' }), file('config.json')], 'outside'],
    ['a folder that leads out', [{ ...file('../x/', ''), type: '5' }], 'outside'],
    ['the root', [file('/etc/passwd')], 'outside'],
    ['the root behind a dot', [file('.//etc/passwd')], 'outside'],
    ['a drive', [file('C:/config.json')], 'outside'],
    ['backslashes', [file('..\\config.json')], 'outside'],
    ['no name', [file('')], 'outside'],
    ['a zero byte in a name', [paxEntry({ path: 'config.json\0.txt' }), file('x')], 'outside'],
    ['a hard link', [{ ...file('config.json', ''), type: '1' }], 'special'],
    ['a symbolic link', [{ ...file('config.json', ''), type: '2' }], 'special'],
    ['a character device', [{ ...file('config.json', ''), type: '3' }], 'special'],
    ['a block device', [{ ...file('config.json', ''), type: '4' }], 'special'],
    ['a pipe', [{ ...file('config.json', ''), type: '6' }], 'special'],
    ['a sparse file', [{ ...file('config.json'), type: 'S' }], 'special'],
    ['a name of GNU tar', [{ ...file('././@LongLink'), type: 'L' }], 'special'],
    ['records about all that follows', [{ ...paxEntry({ path: 'x' }), type: 'g' }], 'special'],
    ['a file that is a folder', [file('config.json/', 'x')], 'special'],
    ['a name twice', [file('config.json'), file('config.json', 'y')], 'double'],
    ['a name twice, spelled in two ways', [file('config.json'), file('./config.json', 'y')], 'double'],
    ['a size beyond the end', [{ ...file('config.json'), size: 10_000 }], 'broken'],
    ['a size beyond any', [{ ...file('config.json'), rawSize: large }], 'broken'],
    ['a size of a pax record beyond the end', [paxEntry({ size: '9007199254740991' }), file('config.json')], 'broken'],
    ['a negative size', [{ ...file('config.json'), rawSize: Buffer.from('-0000000001\0') }], 'broken'],
    ['a checksum that is wrong', [{ ...file('config.json'), checksum: 1 }], 'broken'],
    ['another magic word', [{ ...file('config.json'), magic: 'zip\0\0\0' }], 'broken'],
    ['a pax record that is none', [{ name: 'x', type: 'x', content: '99 path=a\n' }], 'broken'],
    ['a pax record that is too long', [{ name: 'x', type: 'x', content: new Uint8Array(70_000) }], 'broken'],
    ['two pax records in a row', [paxEntry({ path: 'a' }), paxEntry({ path: 'b' }), file('x')], 'broken'],
    ['a pax record about nothing', [file('config.json'), paxEntry({ path: 'a' })], 'broken'],
  ])('%s', async (_what, entries, kind) => {
    await expect(readTar(tarOf(entries))).rejects.toMatchObject({ code: 'files-refused', kind });
  });

  it('that is cut short', async () => {
    const whole = tarOf([file('config.json', 'x'.repeat(600))]);
    for (const bytes of [0, 100, 512, 700, 1024, 1536, 2048])
      await expect(readTar(whole.slice(0, bytes))).rejects.toMatchObject({ kind: 'broken' });
    expect(await readTar(whole)).toHaveLength(1);
  });

  it('with more entries than a model has', async () => {
    const many = tarOf(Array.from({ length: 10_001 }, (_, index) => ({ ...file(`${index}/`, ''), type: '5' })));
    await expect(readTar(many)).rejects.toMatchObject({ kind: 'too-many' });
  });

  it('quotes nothing that does not show, and not much of the rest', async () => {
    const refused = await readTar(tarOf([paxEntry({ path: `/\u202e\u0007${'x'.repeat(5000)}` }), file('x')])).catch(
      (error: { data?: { reason?: string } }) => error.data?.reason ?? '',
    );
    expect(String(refused)).toMatch(/^The archive names “\/\?\?x+”/);
    expect(String(refused).length).toBeLessThan(200);
  });

  it('is given up when the reader leaves', async () => {
    const abort = AbortSignal.abort(new Error('left'));
    await expect(readTar(tarOf([file('config.json')]), abort)).rejects.toThrow('left');
  });
});

describe('an archive that is written', () => {
  it('is read again, long names and empty files too', async () => {
    const long = `onnx/${'n'.repeat(150)}.onnx`;
    const archive = writeTar([
      { path: 'config.json', content: new Blob(['{}']) },
      { path: 'empty.json', content: new Blob([]) },
      { path: long, content: new Blob(['g'.repeat(1025)]) },
    ]);
    expect(archive.size % 512).toBe(0);
    expect(await contents(archive)).toEqual({ 'config.json': '{}', 'empty.json': '', [long]: 'g'.repeat(1025) });
  });

  it('is the same for the same files', async () => {
    const make = () => writeTar([{ path: 'config.json', content: new Blob(['{}']) }]).text();
    expect(await make()).toBe(await make());
  });

  it('names sizes beyond eleven octal digits in a pax record', () => {
    const bytes = 20 * 2 ** 30;
    expect(readPax(writePax('model.safetensors', bytes))).toEqual({ size: bytes });
    expect(readPax(writePax('a'.repeat(200), bytes))).toEqual({ path: 'a'.repeat(200), size: bytes });
    expect(writePax('model.safetensors', 8 ** 11 - 1)).toHaveLength(0);
    expect(readHeader(writeHeader({ name: 'x', bytes, type: '0' }))).toEqual({
      name: 'x',
      bytes: 8 ** 11 - 1,
      type: '0',
    });
  });
});
