import { activeTab, onUiChanged, openManager } from '../environment.ts';
import { mount } from '../mount.ts';
import { PopupApp } from './popup-app.tsx';

mount((client) => (
  <PopupApp client={client} activeTab={activeTab} onChanged={onUiChanged} openManager={() => void openManager()} />
));
