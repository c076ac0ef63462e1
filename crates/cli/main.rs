//! The program `rouage`: everything is in the `rouage-cli` crate.

fn main() -> std::process::ExitCode {
    rouage_cli::main()
}
