//! Builds the scripts, styles and icons of `web/` and embeds them.
//!
//! `WEB_ASSETS=prebuilt` takes `web/dist` as it is, `WEB_ASSETS=none` embeds
//! nothing (for editors and machines without Node).

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

fn main() {
    if let Err(error) = run() {
        println!("cargo:warning=web assets: {error}");
        println!("cargo:warning=Rouage needs Node 20 or newer to build its pages; WEB_ASSETS=none builds without them");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let web = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../web").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-env-changed=WEB_ASSETS");
    for input in
        ["scripts", "styles", "icons", "templates", "package.json", "package-lock.json", "build.mjs", "tsconfig.json"]
    {
        println!("cargo:rerun-if-changed={}", web.join(input).display());
    }
    let dist = match env::var("WEB_ASSETS").as_deref() {
        Ok("none") => None,
        Ok("prebuilt") => Some(web.join("dist")),
        _ => Some(bundle(&web, &out)?),
    };
    fs::write(out.join("files.rs"), embed(dist.as_deref())?)?;
    fs::write(out.join("words.rs"), languages(&web.join("words"))?)?;
    Ok(())
}

/// The languages of `web/words`, as Rust: tags and texts. The catalogue of the
/// English texts is not one of them.
fn languages(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, io::Error>>()?;
    files.sort();
    let mut code = String::from("const LANGUAGES: &[(&str, &str)] = &[\n");
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let tag = file.file_stem().unwrap_or_default().to_string_lossy();
        if tag != "catalogue" {
            writeln!(code, "({tag:?}, include_str!({:?})),", file.display())?;
        }
    }
    code.push_str("];\n");
    Ok(code)
}

/// Installs the packages when the lock file changed, then bundles.
fn bundle(web: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let (lock, stamp) = (web.join("package-lock.json"), web.join("node_modules/.rouage-lock"));
    if fs::read(&lock)? != fs::read(&stamp).unwrap_or_default() {
        eprintln!("installing the build tools of web/ (npm ci)");
        step(Command::new("npm").args(["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]), web)?;
        fs::copy(&lock, &stamp)?;
    }
    eprintln!("bundling scripts, styles and icons");
    let dist = out.join("dist");
    step(Command::new("node").arg("build.mjs").arg(&dist), web)?;
    Ok(dist)
}

fn step(command: &mut Command, folder: &Path) -> Result<(), Box<dyn Error>> {
    let output = command.current_dir(folder).output().map_err(|error| format!("cannot start {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&text).replace('\n', " | ")).into())
}

/// The table of embedded files, as Rust.
fn embed(dist: Option<&Path>) -> Result<String, Box<dyn Error>> {
    let mut code = String::from("pub static FILES: &[File] = &[\n");
    let (mut icons, mut needed) = (String::new(), String::new());
    if let Some(dist) = dist {
        let manifest = fs::read_to_string(dist.join("manifest.json"))?;
        for (source, name) in entries(&manifest) {
            let path = dist.join(&name);
            let twin = |extension: &str| {
                let path = PathBuf::from(format!("{}.{extension}", path.display()));
                if path.exists() { format!("Some(include_bytes!({:?}))", path.display()) } else { "None".to_owned() }
            };
            let (gzip, brotli) = (twin("gz"), twin("br"));
            let file = path.display();
            writeln!(
                code,
                "File {{ source: {source:?}, name: {name:?}, plain: include_bytes!(\"{file}\"), gzip: {gzip}, brotli: {brotli} }},"
            )?;
        }
        icons = fs::read_to_string(dist.join("icons.txt"))?;
        needed = fs::read_to_string(dist.join("needed.txt"))?;
    }
    let needed: Vec<(&str, Vec<&str>)> = needed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(entry, files)| (entry, files.split(' ').collect()))
        .collect();
    let mut icons: Vec<&str> = icons.lines().collect();
    icons.sort_unstable();
    writeln!(code, "];\npub static ICONS: &[&str] = &{icons:?};\npub static NEEDED: &[(&str, &[&str])] = &[")?;
    for (entry, files) in needed {
        writeln!(code, "({entry:?}, &{files:?}),")?;
    }
    code.push_str("];\n");
    Ok(code)
}

/// The pairs of a flat JSON object of plain texts, as `build.mjs` writes it.
fn entries(manifest: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let mut parts = line.split('"').skip(1).step_by(2);
        Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
    };
    manifest.lines().filter_map(pair).collect()
}
