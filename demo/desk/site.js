import { streamInto } from '../stream-into.js';

const ask = document.querySelector('#ask');
const given = document.querySelector('#given');
const question = document.querySelector('#question');

const WORK = {
  finish: {
    text: "Once there was a quiet boy called Sam. Sam's best friend was Nina. One sunny day, Sam and Nina met in the garden to build a tent.",
    prompt: (text) => `Finish the story.\n\n${text}`,
  },
  question: {
    text: 'Once upon a time, there was a kind fox named Rusty. Rusty had a green lantern and loved it very much. One rainy evening, the lantern was gone. Rusty felt sad. Then Bella came by. They looked everywhere. At last, Bella found the lantern under the bridge.',
    question: 'Who found the lantern?',
    prompt: (text, asked) => `Read the story and answer the question.\n\n${text}\n\nQuestion: ${asked}`,
  },
  review: {
    text: 'The staff was rude, but all in all the hotel was wonderful. We will come back soon.',
    prompt: (text) => `Is this review positive, negative or neutral?\n\n${text}`,
  },
};

const chosen = () => WORK[new FormData(ask).get('work')];

function show() {
  const work = chosen();
  given.value = work.text;
  question.hidden = work.question === undefined;
  question.value = work.question ?? '';
}

ask.addEventListener('change', ({ target }) => {
  if (target.name === 'work') show();
});
ask.addEventListener('submit', (event) => {
  event.preventDefault();
  streamInto({
    model: 'packaged:storyteller',
    task: 'text-generation',
    input: [{ role: 'user', content: chosen().prompt(given.value, question.value) }],
    options: { maxNewTokens: 200 },
  });
});
show();
