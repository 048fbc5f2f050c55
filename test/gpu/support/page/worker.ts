import './record-devices.ts';
import '../../../../offscreen/engines/worker.ts';
