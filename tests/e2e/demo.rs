//! The first thing that anybody sees.

use crate::support::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_shows_every_row_and_can_be_shown_again() {
    let place = Place::new(&[]);
    for _ in 0..2 {
        let shown = place.run(&["demo", "--once", "--listen", "127.0.0.1:0"]).await;
        for part in ["DUPOND │ ANNE", "DUPONT │ NATHALIE", "D'ARCY & FILS │ ÉLOÏSE", "/auto/"] {
            assert!(shown.contains(part), "{part:?} is missing in:\n{shown}");
        }
        assert!(!shown.contains("  ! "), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_folder_the_demo_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_rouage"));
    command.args(["demo", "--once", "--listen", "127.0.0.1:0"]);
    // Far from the sources: the example inside the program is used.
    command.current_dir(temporary.path()).env("TMPDIR", temporary.path()).env_remove("ROUAGE_DATA");
    let output = tokio::time::timeout(crate::support::PATIENCE, command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
