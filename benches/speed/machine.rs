//! The machine, in the words that a table of numbers needs beside it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::rounds::{median, seconds};

/// Cores, memory, kernel, disk, and what a sync to that disk cost before all benches and after them.
pub(crate) fn describe(folder: &Path, sync_before: f64) -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("? unknown");
    let cpu = cpu.trim_start_matches([' ', '\t', ':']);
    let memory = read("/proc/meminfo");
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    let gigabytes = memory.unwrap_or(0) * 1024 / 1_000_000_000;
    let system = read("/proc/sys/kernel/ostype");
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{cores} cores ({cpu}), {gigabytes} GB memory, {} {}, {}, a synced write of 4 KiB {sync_before:.2} ms \
         before and {:.2} ms after\n",
        system.trim(),
        kernel.trim(),
        disk(folder),
        sync_ms(folder),
    )
}

/// The file system that a folder lies in, and its device.
fn disk(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let holds = |line: &&str| {
        line.split(' ').nth(1).is_some_and(|point| folder.starts_with(Path::new(point)))
    };
    let longest = |line: &&str| line.split(' ').nth(1).map_or(0, str::len);
    let mut words = mounts.lines().filter(holds).max_by_key(longest).unwrap_or_default().split(' ');
    let device = words.next().unwrap_or_default().trim_start_matches("/dev/").to_owned();
    let kind = words.nth(1).unwrap_or("unknown file system");
    let spins = format!("/sys/class/block/{device}/queue/rotational");
    let spins = match fs::read_to_string(spins).unwrap_or_default().trim() {
        "1" => ", which says that it spins",
        "0" => ", solid state",
        _ => "",
    };
    format!("{kind} on {device}{spins}")
}

/// Milliseconds of a synced write: the median of some.
pub(crate) fn sync_ms(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("sync")).expect("a file can be made");
    let one = |_| {
        seconds(|| {
            let written = file.write_all(&[7; 4096]).and_then(|()| file.sync_data());
            written.expect("the disk takes it");
        })
    };
    median(&(0..50).map(one).collect::<Vec<_>>()) * 1e3
}
