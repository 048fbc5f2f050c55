import { render } from 'preact';
import { createUiClient } from '../client.ts';
import { onUiChanged, sendOneShot } from '../environment.ts';
import { PromptApp } from './prompt-app.tsx';

const root = document.getElementById('app');
const id = new URLSearchParams(location.search).get('id') ?? '';
if (root) {
  const client = createUiClient(sendOneShot);
  render(<PromptApp client={client} id={id} onChanged={onUiChanged} close={() => window.close()} />, root);
}
