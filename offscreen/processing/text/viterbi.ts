import type { Unigram } from '@huggingface/tokenizers';

/** A node of a trie of tokens, as the library keeps it: children by character. */
interface TrieNode {
  readonly is_leaf: boolean;
  readonly children: ReadonlyMap<string, TrieNode>;
}

/**
 * The likeliest pieces of a text under a unigram model (Kudo 2018, arXiv:1804.10959, section 3.2), by dynamic programming over its
 * characters. A character that is no token is unknown, at the score of the unknown token; neighbours that are unknown make one
 * piece. Of equally likely ways the one found first is kept. All that is as in the Rust `tokenizers` library.
 *
 * This stands in for the lattice of `@huggingface/tokenizers` 0.2.0, which keeps several objects a character, overflows the
 * stack on long words, such as a text in a script without spaces, and takes quadratic time to put unknown characters together.
 */
export function viterbiPieces(model: Unigram, text: string): string[] {
  const root: TrieNode = model.trie.root;
  const characters = Array.from(text);
  const count = characters.length;
  const scores = new Float64Array(count + 1).fill(Number.NEGATIVE_INFINITY);
  const starts = new Int32Array(count + 1).fill(-1);
  scores[0] = 0;
  const reach = (start: number, end: number, score: number): void => {
    const reached = (scores[start] ?? 0) + score;
    if (starts[end] !== -1 && reached <= (scores[end] ?? 0)) return;
    scores[end] = reached;
    starts[end] = start;
  };
  for (let start = 0; start < count; start += 1) {
    let node: TrieNode | undefined = root;
    let token = '';
    let single = false;
    for (let end = start; end < count; end += 1) {
      const character: string = characters[end] ?? '';
      node = node.children.get(character);
      if (!node) break;
      token += character;
      if (!node.is_leaf) continue;
      reach(start, end + 1, model.scores[model.tokens_to_ids.get(token) ?? -1] ?? model.unk_score);
      single ||= end === start;
    }
    if (!single) reach(start, start + 1, model.unk_score);
  }
  const isKnown = (piece: string) => model.tokens_to_ids.has(piece);
  const pieces: string[] = [];
  for (let end = count; end > 0; ) {
    let start = starts[end] ?? 0;
    const piece = characters.slice(start, end).join('');
    const known = isKnown(piece);
    while (!known && start > 0 && !isKnown(characters.slice(starts[start], start).join(''))) start = starts[start] ?? 0;
    pieces.push(known ? piece : characters.slice(start, end).join(''));
    end = start;
  }
  return pieces.reverse();
}
