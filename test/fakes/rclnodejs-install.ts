import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { standInModule } from "./open-ros-transports.ts";

export interface InstallOptions {
  /** Text of the package's module; default the stand-in. */
  readonly module?: string;
  /** What lies where the native binary should; default one that loads. */
  readonly binary?: string;
}

/** A folder that looks like a sourced ROS 2 with rclnodejs installed beside it. */
export interface RclnodejsInstall extends Disposable {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** From where the package is found. */
  readonly searchFrom: URL;
}

/** Some native add-on that loads anywhere Node does. */
const anyAddOn = `node_modules/@koromix/koffi-${process.platform}-${process.arch}/${process.platform}_${process.arch}/koffi.node`;

export function installRclnodejs(options: InstallOptions = {}): RclnodejsInstall {
  const root = mkdtempSync(join(tmpdir(), "kairos-rclnodejs-"));
  const file = (path: string, text: string): string => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    return join(root, path);
  };
  file("ros/lib/librcl.so", "");
  file("ros/lib/librmw_fastrtps_cpp.so", "");
  const folder = "node_modules/rclnodejs";
  const manifest = {
    name: "rclnodejs",
    version: "2.2.0",
    type: "module",
    module: "./index.js",
    scripts: { rebuild: "rm -r build" },
  };
  file(`${folder}/package.json`, JSON.stringify(manifest));
  file(`${folder}/index.js`, options.module ?? `export { default } from "${standInModule.href}";`);
  const binary = file(`${folder}/build/Release/rclnodejs.node`, options.binary ?? "");
  if (options.binary === undefined) copyFileSync(anyAddOn, binary);
  return {
    environment: {
      PATH: process.env["PATH"],
      AMENT_PREFIX_PATH: join(root, "ros"),
      LD_LIBRARY_PATH: join(root, "ros/lib"),
      ROS_DISTRO: "jazzy",
    },
    searchFrom: pathToFileURL(join(root, "from.js")),
    [Symbol.dispose]: () => {
      rmSync(root, { recursive: true });
    },
  };
}

/** Whether the package's binary is still what it was, byte for byte. */
export function binaryIsWhole({ searchFrom }: RclnodejsInstall): boolean {
  const path = new URL("node_modules/rclnodejs/build/Release/rclnodejs.node", searchFrom);
  return readFileSync(path).equals(readFileSync(anyAddOn));
}
