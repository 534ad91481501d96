//! The real workspace at the pure level: what would be shared of it. Skipped, and said, where it is absent.

use std::path::Path;

use super::{Kind, Note, Piece, Visibility, clear::clear, extract::extract};

const WORKSPACE: &str = "../shared/data/workspaces/lobsterops/memory";

fn pieces() -> Option<Vec<(String, Piece)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(WORKSPACE);
    let mut files: Vec<_> = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut pieces = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let note = Note {
            id: name.clone(),
            text: std::fs::read_to_string(&file).unwrap(),
            title: String::new(),
            kind: "log".into(),
            visibility: Visibility::Unspecified,
            tags: Vec::new(),
            logged_on: name.chars().take(10).collect(),
            changed: "2026-02-19".into(),
        };
        pieces.extend(extract("ralph", &note).into_iter().map(|piece| (name.clone(), piece)));
    }
    Some(pieces)
}

#[test]
fn a_real_workspace_shares_what_was_learned() {
    let Some(pieces) = pieces() else {
        println!("skipped: {WORKSPACE} is not here");
        return;
    };
    for (file, piece) in &pieces {
        let holds: Vec<String> = clear(piece, &super::Guard::default()).into_iter().map(|h| h.rule).collect();
        println!("== {file} [{}] {} {holds:?}\n{}\n", piece.kind, piece.title, piece.text);
    }
    let has = |kind: Kind, title: &str| pieces.iter().any(|(_, p)| p.kind == kind && p.title == title);
    // three lines of one entry are one piece
    let alone = "Session persistence: SIGUSR1 ≠ model switch for active sessions";
    let gathered = |piece: &Piece| piece.parts.iter().any(|part| part.kind == Kind::Lesson && part.title == alone);
    assert!(pieces.iter().any(|(_, piece)| piece.title.starts_with("Fallback Test Incident") && gathered(piece)));
    assert!(has(Kind::Lesson, "Grok Reliability"));
    assert!(has(Kind::Fix, "Model Backup URGENT FIX"));
    assert!(has(Kind::Decision, "Test Abandoned"));
    assert!((20..=80).contains(&pieces.len()), "{} pieces", pieces.len());
    // what the days were about stays with their agent
    for private in ["Gautier", "Emotional Note", "Next Steps", "0652316661", "Valeur livrée", "Priorité du jour"] {
        assert!(!pieces.iter().any(|(_, p)| p.title.contains(private)), "{private}");
    }
    assert!(pieces.iter().all(|(_, p)| !p.text.contains("0652316661")));
}
