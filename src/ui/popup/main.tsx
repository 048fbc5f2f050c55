import { render } from 'preact';
import { createUiClient } from '../client.ts';
import { activeTab, onUiChanged, openManager, sendOneShot } from '../environment.ts';
import { PopupApp } from './popup-app.tsx';

const root = document.getElementById('app');
if (root) {
  const client = createUiClient(sendOneShot);
  render(
    <PopupApp client={client} activeTab={activeTab} onChanged={onUiChanged} openManager={() => void openManager()} />,
    root,
  );
}
