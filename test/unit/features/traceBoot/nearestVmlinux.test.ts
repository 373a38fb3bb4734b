import { describe, expect, it } from "vitest";
import { vmlinuxCandidates } from "../../../../src/features/traceBoot/nearestVmlinux";

describe("vmlinuxCandidates", () => {
  it("finds the top of a build tree from the image inside it", () => {
    const candidates = vmlinuxCandidates("/w/linux/arch/x86/boot/bzImage");
    expect(candidates[0]).toBe("/w/linux/arch/x86/boot/vmlinux");
    expect(candidates).toContain("/w/linux/vmlinux");
  });

  it("finds a distribution's debug kernel by release, under the same root, before any other vmlinux", () => {
    const candidates = vmlinuxCandidates("/cache/kernel/boot/vmlinuz-6.1.0-56-cloud-amd64");
    expect(candidates.slice(0, 3)).toEqual([
      "/cache/kernel/boot/vmlinux-6.1.0-56-cloud-amd64",
      "/cache/kernel/usr/lib/debug/boot/vmlinux-6.1.0-56-cloud-amd64",
      "/cache/kernel/usr/lib/debug/lib/modules/6.1.0-56-cloud-amd64/vmlinux",
    ]);
  });

  it("takes a vmlinux for its own, but not a packed one", () => {
    expect(vmlinuxCandidates("/w/vmlinux")).toEqual(["/w/vmlinux"]);
    expect(vmlinuxCandidates("/w/vmlinux-6.1")).toEqual(["/w/vmlinux-6.1"]);
    expect(vmlinuxCandidates("/w/vmlinux.gz")).toEqual(["/w/vmlinux", "/vmlinux"]);
  });

  it("stops at the root and not too far up", () => {
    expect(vmlinuxCandidates("/bzImage")).toEqual(["/vmlinux"]);
    expect(vmlinuxCandidates("/a/b/c/d/e/f/g/bzImage")).toHaveLength(5);
  });
});
