//! S1, S2 and S3 beside the physical limits and beside a peer, in one run: what
//! counts are the ratios, and the processor time per execution.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::load::{self, Aim};
use crate::procfs;
use crate::subjects::{self, Subject};
use crate::target::Target;

const NAMES: [&str; 3] = ["s1", "s2", "s3"];
/// Requests that an order of a scenario makes at the target.
const SENDS: [u64; 3] = [0, 2, 0];
const WARM_UP: Duration = Duration::from_secs(2);
/// The order of the shop, 2 kB; `sent_us` has sixteen digits.
const ORDER: &str = "/work/shared/bench/load/order.json";

/// What to measure.
pub struct Options {
    seconds: u64,
    only: Vec<String>,
    node_red: Option<PathBuf>,
    order: PathBuf,
}

impl Options {
    /// Out of the command line.
    pub fn read(arguments: &[String]) -> anyhow::Result<Self> {
        let mut options =
            Self { seconds: 8, only: NAMES.map(ToOwned::to_owned).into(), node_red: None, order: ORDER.into() };
        for pair in arguments.chunks(2) {
            let value = pair.get(1).with_context(|| format!("{} needs a value", pair[0]))?;
            match pair[0].as_str() {
                "--seconds" => options.seconds = value.parse()?,
                "--only" => options.only = value.split(',').map(ToOwned::to_owned).collect(),
                "--node-red" => options.node_red = Some(std::path::absolute(value)?),
                "--order" => options.order = value.into(),
                other => bail!("there is no option {other}"),
            }
        }
        Ok(options)
    }
}

/// A line of the table.
struct Line {
    per_second: f64,
    /// Milliseconds of processor time.
    cpu: f64,
    answers: [f64; 2],
    /// From the order to the request at the target.
    effects: Option<[f64; 2]>,
    memory: f64,
    disk: f64,
    /// Cores that others used meanwhile.
    foreign: f64,
}

/// Measures all and prints tables.
pub async fn measure(options: Options) -> anyhow::Result<()> {
    let start = Instant::now();
    let target = Target::start(start).await?;
    let order = std::fs::read(&options.order).with_context(|| format!("the order {}", options.order.display()))?;
    let mut lines = BTreeMap::new();
    let mut bare = vec![("bare axum", "/ack"), ("bare axum, group commit", "/commit")];
    if !options.only.iter().any(|name| name == "s1") {
        bare.clear();
    }
    println!(
        "{:<24} {:>3} {:>9} {:>9}  {:>13}  {:>13} {:>7} {:>9} {:>7}",
        "", "", "runs/s", "CPU ms", "answer p50/99", "effect p50/99", "MB", "disk B", "others"
    );
    for (name, path) in bare {
        let subject = subjects::bare(name, path).await?;
        all(&subject, &order, start, &target, &options, &mut lines).await?;
    }
    all(&subjects::rouage(target.address).await?, &order, start, &target, &options, &mut lines).await?;
    if let Some(installed) = &options.node_red {
        let subject = subjects::node_red(installed, target.address).await?;
        all(&subject, &order, start, &target, &options, &mut lines).await?;
    }
    print_ratios(&lines);
    Ok(())
}

type Lines = BTreeMap<(&'static str, usize), Line>;

async fn all(
    subject: &Subject,
    order: &[u8],
    start: Instant,
    target: &Target,
    options: &Options,
    lines: &mut Lines,
) -> anyhow::Result<()> {
    for (number, path) in subject.paths.iter().enumerate() {
        let Some(path) = path.clone().filter(|_| options.only.iter().any(|name| name == NAMES[number])) else {
            continue;
        };
        let aim = Aim { address: subject.address, path, body: order.into(), start, sends: SENDS[number] };
        let line = one(subject, &aim, target, Duration::from_secs(options.seconds)).await;
        let line = line.with_context(|| format!("{} of {}", NAMES[number], subject.name))?;
        print(subject.name, number, &line);
        lines.insert((subject.name, number), line);
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]
async fn one(subject: &Subject, aim: &Aim, target: &Target, time: Duration) -> anyhow::Result<Line> {
    load::closed(aim, WARM_UP, target).await?;
    subject.settle().await?;
    let (begin, cpu, machine) = (Instant::now(), procfs::cpu(subject.process())?, procfs::machine()?);
    let own = procfs::cpu(std::process::id())?;
    let disk = size(subject)?;
    let count = load::closed(aim, time, target).await?;
    let loaded = begin.elapsed();
    subject.settle().await?;
    let (spent, wall) = (procfs::cpu(subject.process())? - cpu, begin.elapsed());
    let own = procfs::cpu(std::process::id())? - own;
    let foreign = (procfs::machine()? - machine).saturating_sub(spent + own);
    let per_second = count as f64 / loaded.as_secs_f64();
    let grown = size(subject)?.saturating_sub(disk);
    let memory = procfs::memory(subject.process(), "VmRSS")? as f64 / 1e6;
    drop(target.take_delays());
    let mut answers = load::open(aim, per_second / 2.0, time).await?;
    subject.settle().await?;
    let mut effects = target.take_delays();
    Ok(Line {
        per_second,
        cpu: spent.as_secs_f64() * 1e3 / count as f64,
        answers: percentiles(&mut answers).context("nothing was answered")?,
        effects: percentiles(&mut effects),
        memory,
        disk: grown as f64 / count as f64,
        foreign: foreign.as_secs_f64() / wall.as_secs_f64(),
    })
}

/// What the subject has on the disk. The log of SQLite is left out: it is used
/// again and again.
fn size(subject: &Subject) -> anyhow::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(subject.folder.path())? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().ends_with("-wal") {
            size += entry.metadata()?.len();
        }
    }
    Ok(size)
}

fn percentiles(times: &mut [Duration]) -> Option<[f64; 2]> {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len().max(1) - 1) * share / 100).map(|time| time.as_secs_f64() * 1e3);
    Some([at(50)?, at(99)?])
}

fn print(subject: &str, number: usize, line: &Line) {
    let pair =
        |times: Option<[f64; 2]>| times.map_or("–".to_owned(), |[middle, late]| format!("{middle:.1}/{late:.1}"));
    println!(
        "{subject:<24} {:>3} {:>9.0} {:>9.4}  {:>13}  {:>13} {:>7.1} {:>9.0} {:>7.2}",
        NAMES[number],
        line.per_second,
        line.cpu,
        pair(Some(line.answers)),
        pair(line.effects),
        line.memory,
        line.disk,
        line.foreign
    );
}

fn print_ratios(lines: &Lines) {
    println!("\nRouage beside          by throughput   by processor time");
    for ((subject, number), other) in lines.iter().filter(|((subject, _), _)| *subject != "Rouage") {
        let Some(ours) = lines.get(&("Rouage", *number)) else { continue };
        let (speed, cpu) = (ours.per_second / other.per_second, other.cpu / ours.cpu);
        println!("{subject:<24} {} {speed:>8.2} x {cpu:>14.2} x", NAMES[*number]);
    }
}
