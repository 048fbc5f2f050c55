import { render } from 'preact';
import { createUiClient } from '../client.ts';
import { onUiChanged, sendOneShot } from '../environment.ts';
import { ManagerApp } from './manager-app.tsx';

const root = document.getElementById('app');
if (root) render(<ManagerApp client={createUiClient(sendOneShot)} onChanged={onUiChanged} />, root);
