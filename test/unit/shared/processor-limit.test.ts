import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { cgroupProcessors, processorLimit } from "../../../shared/processor-limit.js";
import { automaticThreads } from "../../../shared/setting-kinds.js";

const GIB = 2 ** 30;

/** The processors that control groups leave a process, whose files are these. */
const limitOf = (files: Readonly<Record<string, string>>) => cgroupProcessors((path) => files[path]);

describe("the processors that a process may use", () => {
  it("are those of the machine at most, and one at least", () => {
    assert.ok(processorLimit() >= 1 && processorLimit() <= availableParallelism());
  });

  it("are limited by the quota of a container, whose own group is shown as the root", () => {
    assert.equal(limitOf({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "150000 100000\n" }), 1.5);
    assert.equal(
      limitOf({
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "400000\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      }),
      4,
    );
  });

  it("are limited by the least quota of the groups that a process is in", () => {
    const files = {
      "/proc/self/cgroup": "0::/user.slice/app.service\n",
      "/sys/fs/cgroup/user.slice/app.service/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/user.slice/cpu.max": "300000 100000\n",
    };
    assert.equal(limitOf(files), 3);
    assert.equal(limitOf({ ...files, "/sys/fs/cgroup/user.slice/app.service/cpu.max": "50000 100000\n" }), 0.5);
  });

  it("are limited by the quota of a group whose path has colons, as containerd makes it", () => {
    const path = "/kubelet.slice:cri-containerd:0a1b";
    const quota = { [`/sys/fs/cgroup${path}/cpu.max`]: "200000 100000\n" };
    assert.equal(limitOf({ "/proc/self/cgroup": `0::${path}\n`, ...quota }), 2);
  });

  it("are limited by the quota of a first-generation group", () => {
    const files = {
      "/proc/self/cgroup": "5:memory:/a\n4:cpu,cpuacct:/docker/b\n0::/\n",
      "/sys/fs/cgroup/cpu/docker/b/cpu.cfs_quota_us": "250000\n",
      "/sys/fs/cgroup/cpu/docker/b/cpu.cfs_period_us": "100000\n",
    };
    assert.equal(limitOf(files), 2.5);
    assert.equal(
      limitOf({ ...files, "/sys/fs/cgroup/cpu/docker/b/cpu.cfs_quota_us": "-1\n" }),
      Number.POSITIVE_INFINITY,
    );
  });

  it("are not limited where no group can be read", () => {
    assert.equal(limitOf({}), Number.POSITIVE_INFINITY);
  });

  it("have a worker thread each by default, as far as the memory goes", () => {
    assert.equal(automaticThreads(2, 4 * GIB), 2);
    assert.equal(automaticThreads(1, 4 * GIB), 1);
    assert.equal(automaticThreads(64, 64 * GIB), 16);
    assert.equal(automaticThreads(64, GIB / 2), 8);
    assert.equal(automaticThreads(4, GIB / 64), 1);
  });
});
