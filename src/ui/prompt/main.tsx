import { onUiChanged } from '../environment.ts';
import { mount } from '../mount.ts';
import { PromptApp } from './prompt-app.tsx';

const id = new URLSearchParams(location.search).get('id') ?? '';
mount((client) => <PromptApp client={client} id={id} onChanged={onUiChanged} close={() => window.close()} />);
