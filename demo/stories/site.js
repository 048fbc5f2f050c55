import { streamInto } from '../stream-into.js';

const ask = document.querySelector('#ask');

ask.addEventListener('submit', (event) => {
  event.preventDefault();
  const hero = new FormData(ask).get('hero');
  streamInto({
    model: 'packaged:storyteller',
    task: 'text-generation',
    input: [{ role: 'user', content: `Tell me a story about ${hero}.` }],
    options: { maxNewTokens: 200 },
  });
});
