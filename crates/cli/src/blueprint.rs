//! `rouage blueprint check` and `roundtrip`: what an import would say, without
//! importing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use rouage_model::{Blueprint, Collection, Value, json};
use rouage_runtime::{Finding, ModuleReport};

/// What to do with the files.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Print a JSON line per file: what is the same, to be checked, not available.
    Check {
        /// Blueprint files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print what an import followed by an export gives.
    Roundtrip {
        /// A blueprint file.
        file: PathBuf,
    },
}

/// Runs the command.
pub fn run(action: Action) -> anyhow::Result<ExitCode> {
    let mut output = std::io::stdout().lock();
    match action {
        Action::Check { files } => {
            let registry = rouage_apps::registry();
            for file in files {
                writeln!(output, "{}", json::to_string(&check(&registry, &file)))?;
            }
        }
        Action::Roundtrip { file } => {
            let bytes = read(&file)?;
            let blueprint = Blueprint::parse(&bytes).with_context(|| format!("{}", file.display()))?;
            writeln!(output, "{}", json::write(blueprint.document(), json::Style::Indented("    ")))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("reading {}", file.display()))
}

fn check(registry: &rouage_sdk::Registry, file: &Path) -> Value {
    let mut line = Collection::new();
    line.insert("file", file.display().to_string());
    let blueprint = read(file).and_then(|bytes| Ok(Blueprint::parse(&bytes)?));
    match blueprint {
        Ok(blueprint) => {
            let report = rouage_runtime::check(registry, &blueprint, &Value::Undefined);
            line.insert("ok", report.can_be_switched_on);
            line.insert("modules", report.modules.iter().map(module).collect::<Vec<_>>());
            line.insert("problems", texts(&report.problems));
            line.insert("references", report.references.iter().map(reference).collect::<Vec<_>>());
        }
        Err(error) => {
            line.insert("ok", false);
            line.insert("modules", Vec::new());
            line.insert("problems", texts(&[format!("{error:#}")]));
        }
    }
    line.into()
}

/// A reference that cannot resolve. `sure` is false for a field that is only
/// missing in the sample which the blueprint carries.
fn reference(finding: &Finding) -> Value {
    let mut out = Collection::new();
    out.insert("module", finding.module.0);
    out.insert("field", finding.field.as_str());
    out.insert("reference", finding.reference.as_str());
    out.insert("at", finding.at);
    out.insert("reason", finding.reason.as_str());
    out.insert("sure", finding.is_sure());
    out.insert("suggestion", finding.suggestion.as_deref());
    out.insert("message", finding.to_string());
    out.into()
}

fn module(report: &ModuleReport) -> Value {
    let mut out = Collection::new();
    out.insert("id", report.id.map(|id| id.0));
    out.insert("module", report.name.as_str());
    out.insert("version", report.version);
    out.insert("status", report.status.as_str());
    out.insert("problems", texts(&report.problems));
    out.into()
}

fn texts(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| Value::text(text.as_str())).collect()
}
