use std::fs;
use std::num::NonZero;

use limpid_telemetry::Resources;
use tempfile::TempDir;

fn machine(files: &[(&str, &str)]) -> Resources {
    let root = TempDir::new().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Resources::under(root.path())
}

#[test]
fn version_2_is_read_from_the_own_group_and_those_above() {
    let resources = machine(&[
        ("proc/self/cgroup", "0::/kubepods/pod1\n"),
        ("sys/fs/cgroup/kubepods/cpu.max", "250000 100000\n"),
        ("sys/fs/cgroup/kubepods/memory.max", "2147483648\n"),
        ("sys/fs/cgroup/kubepods/pod1/cpu.max", "max 100000\n"),
        ("sys/fs/cgroup/kubepods/pod1/memory.max", "1073741824\n"),
    ]);
    assert_eq!(resources.processors, NonZero::new(2));
    assert_eq!(resources.memory, Some(1 << 30));
    assert_eq!(
        resources.soft_memory_limit(),
        Some((1 << 30) - (1 << 30) / 20)
    );
    assert!(resources.worker_threads() <= 2);
}

#[test]
fn version_1_is_read_from_its_controllers() {
    let resources = machine(&[
        (
            "proc/self/cgroup",
            "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n",
        ),
        // Inside of the container its own group is the root.
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "350000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
    ]);
    assert_eq!(resources.processors, NonZero::new(3));
    assert_eq!(resources.memory, Some(512 << 20));
}

#[test]
fn no_limit_is_no_limit_however_it_is_written() {
    for (quota, memory) in [
        ("max 100000", "max"),
        ("50000 100000", "-1"),
        ("100000 0", "9223372036854771712"),
        ("", ""),
        ("x y", "x"),
    ] {
        let resources = machine(&[
            ("proc/self/cgroup", "0::/a\n"),
            ("sys/fs/cgroup/a/cpu.max", quota),
            ("sys/fs/cgroup/a/memory.max", memory),
        ]);
        assert_eq!(resources, Resources::default(), "{quota} {memory}");
    }
    assert_eq!(machine(&[]), Resources::default());
    let unlimited = machine(&[
        ("proc/self/cgroup", "4:cpu:/\n3:memory:/\n"),
        ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1"),
        ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"),
    ]);
    assert_eq!(unlimited, Resources::default());
}

#[test]
fn there_is_always_a_thread_to_work() {
    assert!(Resources::default().worker_threads() >= 1);
    assert!(Resources::detect().worker_threads() >= 1);
}
