//! What Linux tells of processes: their time on the processor and their memory.

use std::time::Duration;

use anyhow::Context as _;

/// Linux counts in hundredths of a second everywhere.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that a process has used, in user and kernel.
pub fn cpu(process: u32) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in the second field may contain anything.
    let (_, rest) = stat.rsplit_once(')').context("an odd stat file")?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || fields.next().and_then(|field| field.parse::<u32>().ok()).context("an odd stat file");
    Ok(TICK * (ticks()? + ticks()?))
}

/// The processor time that the whole machine has used.
pub fn machine() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("an odd stat file")?;
    let fields: Vec<u32> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq
    let busy = [0, 1, 2, 5, 6].iter().filter_map(|at| fields.get(*at)).sum::<u32>();
    Ok(TICK * busy)
}

/// `VmRSS` or `VmHWM` of a process in bytes.
pub fn memory(process: u32, field: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kilobytes: u64 = line.context("no such field")?.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}
