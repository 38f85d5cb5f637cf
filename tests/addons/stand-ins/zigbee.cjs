// Stand-ins for what zigbee2mqtt needs besides itself: a radio with nobody in reach, and a broker that nobody else talks to.
// Preloaded with `node --require`.

const { EventEmitter } = require('node:events');
const Module = require('node:module');

const COORDINATOR = {
  ieeeAddr: '0x00124b0000000001', type: 'Coordinator', ID: 1, networkAddress: 0, manufacturerID: 0, endpoints: [], interviewCompleted: true,
  interviewing: false, interviewState: 'SUCCESSFUL', meta: {}, isDeleted: false, getEndpoint: () => undefined, save: () => {},
};

class Controller extends EventEmitter {
  async start() { return 'resumed'; }
  async stop() {}
  async backup() {}
  async coordinatorCheck() { return { missingRouters: [] }; }
  async getCoordinatorVersion() { return { type: 'stand-in', meta: { revision: 1 } }; }
  async getNetworkParameters() { return { panID: 6754, extendedPanID: '0xdddddddddddddddd', channel: 11, nwkUpdateID: 0 }; }
  async permitJoin() {}
  getPermitJoin() { return false; }
  getPermitJoinEnd() { return undefined; }
  isStopping() { return false; }
  isAdapterDisconnected() { return false; }
  getDevices() { return [COORDINATOR]; }
  getDevicesByType(type) { return type === 'Coordinator' ? [COORDINATOR] : []; }
  getDeviceByIeeeAddr(address) { return address === COORDINATOR.ieeeAddr ? COORDINATOR : undefined; }
  getDeviceByNetworkAddress() { return undefined; }
  getGroups() { return []; }
  getGroupByID() { return undefined; }
  * getDevicesIterator(predicate) { if (!predicate || predicate(COORDINATOR)) yield COORDINATOR; }
  * getGroupsIterator() {}
}

class Client extends EventEmitter {
  connected = true;
  disconnecting = false;
  reconnecting = false;
  queue = [];
  options = { protocolVersion: 5, protocol: 'mqtt', host: 'stand-in', port: 1883 };
  stream = { setMaxListeners() {} };
  async subscribeAsync() {}
  async unsubscribeAsync() {}
  async publishAsync() {}
  async endAsync() {}
  end() {}
}

const load = Module._load;
Module._load = function (name, ...rest) {
  const real = load.call(this, name, ...rest);
  if (name === 'zigbee-herdsman') return { ...real, Controller };
  if (name === 'mqtt') return { ...real, connectAsync: async () => new Client() };
  return real;
};
