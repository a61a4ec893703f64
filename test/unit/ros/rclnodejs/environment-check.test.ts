import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkRclnodejs, refusalText } from "../../../../ros/rclnodejs/environment-check.ts";

const root = mkdtempSync(join(tmpdir(), "kairos-rclnodejs-"));
const prefix = join(root, "opt/ros/jazzy");
const libraries = join(prefix, "lib");

function file(path: string, text = ""): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A folder with the package in its node_modules; returns a URL to search from. */
function installed(
  name: string,
  options: { readonly version?: string; readonly binary?: string } = {},
): URL {
  const folder = join(root, name);
  const packageFolder = join(folder, "node_modules/rclnodejs");
  const manifest = {
    name: "rclnodejs",
    version: options.version ?? "2.2.0",
    main: "./dist/index.cjs",
    module: "./dist/index.js",
  };
  file(join(packageFolder, "package.json"), JSON.stringify(manifest));
  if (options.binary !== undefined) file(join(packageFolder, options.binary));
  return pathToFileURL(join(folder, "from.js"));
}

const prebuilt = `prebuilds/${process.platform}-${process.arch}/jazzy-noble-${process.arch}-node-rclnodejs.node`;
const sound = {
  AMENT_PREFIX_PATH: prefix,
  ROS_DISTRO: "jazzy",
  LD_LIBRARY_PATH: `${libraries}:/nowhere`,
};

beforeAll(() => {
  const names = [
    "rcl",
    "rmw_fastrtps_cpp",
    "rmw_cyclonedds_cpp",
    "rmw_implementation",
    "rmw_dds_common",
    "rmw_fastrtps_shared_cpp",
    "rmw_dds_common__rosidl_typesupport_c",
  ];
  for (const name of names) file(join(libraries, `lib${name}.so`));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

function check(environment: Readonly<Record<string, string | undefined>>, searchFrom: URL) {
  return checkRclnodejs({ environment, searchFrom, osCodename: "noble" });
}

describe("whether rclnodejs can be imported", () => {
  it("finds a sourced ROS 2 with the package and its prebuilt binary", () => {
    const found = check(sound, installed("sound", { binary: prebuilt }));
    expect(found).toMatchObject({
      usable: true,
      version: "2.2.0",
      distribution: "jazzy",
      middleware: "rmw_fastrtps_cpp",
    });
    expect(found.usable && found.module.pathname).toMatch(/rclnodejs\/dist\/index\.js$/);
    expect(found.usable && found.binary.endsWith(prebuilt)).toBe(true);
  });

  it("takes a binary compiled on this machine, and the middleware that was asked for", () => {
    const from = installed("compiled", { binary: "build/Release/rclnodejs.node" });
    expect(check({ ...sound, RMW_IMPLEMENTATION: "rmw_cyclonedds_cpp" }, from)).toMatchObject({
      usable: true,
      middleware: "rmw_cyclonedds_cpp",
    });
  });

  const refusals: readonly (readonly [string, Record<string, string | undefined>, RegExp])[] = [
    ["nothing sourced", { AMENT_PREFIX_PATH: undefined }, /AMENT_PREFIX_PATH is empty.*source/],
    ["an empty prefix path", { AMENT_PREFIX_PATH: ":" }, /AMENT_PREFIX_PATH is empty/],
    [
      "a prefix that is gone",
      { AMENT_PREFIX_PATH: "/opt/ros/gone" },
      /\/opt\/ros\/gone.*not exist/,
    ],
    ["no distribution", { ROS_DISTRO: undefined }, /ROS_DISTRO is "".*setup\.bash/],
    ["a path as distribution", { ROS_DISTRO: "../jazzy" }, /ROS_DISTRO is "\.\.\/jazzy"/],
    ["no library path", { LD_LIBRARY_PATH: undefined }, /librcl\.so.*before starting/],
    ["a library path without rcl", { LD_LIBRARY_PATH: "/nowhere" }, /librcl\.so/],
    [
      "a middleware that is not there",
      { RMW_IMPLEMENTATION: "rmw_connextdds" },
      /"rmw_connextdds".*found: rmw_cyclonedds_cpp, rmw_fastrtps_cpp.*install ros-<distribution>-rmw-connextdds/,
    ],
    [
      "a library that is no middleware",
      { RMW_IMPLEMENTATION: "rmw_dds_common" },
      /"rmw_dds_common"/,
    ],
    [
      "an assertion of another middleware",
      { RMW_IMPLEMENTATION: "rmw_fastrtps_cpp", RCL_ASSERT_RMW_ID_MATCHES: "rmw_cyclonedds_cpp" },
      /rcl aborts/,
    ],
  ];

  it.each(refusals)("refuses %s, says what was found and what to do", (_, change, text) => {
    const found = check({ ...sound, ...change }, installed("sound", { binary: prebuilt }));
    expect(found.usable ? "usable" : refusalText(found)).toMatch(text);
  });

  it.each([
    ["no package", pathToFileURL(join(root, "empty/from.js")), /not installed.*npm install/],
    ["an older release", installed("older", { version: "0.27.4" }), /0\.27\.4, expected 2\.x/],
    ["no binary", installed("none"), /no binary for jazzy.*npm rebuild/],
    [
      "another distribution's binary only",
      installed("other", { binary: prebuilt.replace("jazzy-noble", "humble-jammy") }),
      /no binary for jazzy/,
    ],
  ])("refuses %s: an import would start a rebuild", (_, from, text) => {
    const found = check(sound, from);
    expect(found.usable ? "usable" : refusalText(found)).toMatch(text);
  });
});
