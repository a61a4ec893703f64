// Drives a device from React Native. Its WebSocket is a global and needs nothing here. It cannot accept a
// certificate of one's own making, so plain `ws://` only, over `adb reverse tcp:8700 tcp:8700`.
import { keepControl, type ControlClient, type VelocityStream } from "kairos-bridge/client";

/** `AppState` of react-native, as far as it is used. */
export interface AppStateLike {
  addEventListener(
    type: "change",
    listener: (state: string) => void,
  ): { readonly remove: () => void };
}

export interface Stick {
  /** rad/s by axis name while the finger is down; call `release` when it is lifted. */
  push(velRadPerS: Readonly<Record<string, number>>): void;
  release(): void;
  close(): void;
}

/**
 * A stick for a component. An app in the background is suspended within seconds (iOS) or minutes
 * (Android) and its timers with it: the velocity then expires at the bridge, and after a second without a
 * check-in the bridge stops the device. `AppState` only makes that stop come at once.
 */
export function openStick(url: string, appState: AppStateLike): Stick {
  const control = keepControl(url, { role: "controller", client: "phone" });
  let velocity: VelocityStream | undefined;
  const begin = async (session: ControlClient): Promise<void> => {
    const device = session.welcome.devices[0];
    if (device === undefined) return;
    const lease = await session.acquire(device.id);
    velocity = lease.velocity();
  };
  control.on("session", (session) => {
    begin(session).catch(() => {
      // Somebody else holds it; the next session asks again.
    });
  });
  const watching = appState.addEventListener("change", (state) => {
    if (state !== "active") velocity?.stop();
  });
  return {
    push: (velRadPerS) => velocity?.set(velRadPerS),
    release: () => velocity?.stop(),
    close: () => {
      watching.remove();
      velocity?.close();
      control.close();
    },
  };
}
