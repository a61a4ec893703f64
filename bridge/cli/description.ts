import process from "node:process";
import { Option, type Command } from "commander";
import {
  descriptionFormats,
  robotDescription,
  type DescriptionFormat,
} from "../parts/description.ts";

interface DescriptionFlags {
  readonly device: string;
  readonly format: DescriptionFormat;
}

/** `kairos-bridge description`: the robot description for other tools, on standard output. */
export function addDescriptionCommand(program: Command): void {
  const format = new Option("--format <format>", "what to write")
    .choices(descriptionFormats)
    .default("urdf");
  program
    .command("description")
    .description("print a device's robot description for ROS (urdf), MuJoCo (mjcf) or Gazebo (sdf)")
    .option("--device <profile>", "name of a shipped device profile, or a path", "phone-mount-4dof")
    .addOption(format)
    .action(({ device, format }: DescriptionFlags) => {
      process.stdout.write(robotDescription(device, format));
    });
}
