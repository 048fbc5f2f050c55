import { onUiChanged } from '../environment.ts';
import { mount } from '../mount.ts';
import { ManagerApp } from './manager-app.tsx';

mount((client) => <ManagerApp client={client} onChanged={onUiChanged} />);
