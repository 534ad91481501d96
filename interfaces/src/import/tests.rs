//! What a folder or a file is, and what is read in it.

use std::{fs, path::Path};

use super::*;

fn check(files: &[&str], layout: Option<Layout>) {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "text\n").unwrap();
    }
    assert_eq!(Layout::of(folder.path()), layout, "{files:?}");
}

#[test]
fn a_folder_tells_what_it_is() {
    check(&["MEMORY.md"], Some(Layout::Workspace));
    check(&["memory/2026-02-12.md", ".obsidian/app.json"], Some(Layout::Workspace));
    check(&["SOUL.md", "notes/a.md"], Some(Layout::Workspace));
    check(&[".obsidian/app.json", "a.md"], Some(Layout::Library));
    check(&["deep/er/a.md"], Some(Layout::Library));
    check(&["picture.png"], None);
    check(&[".commune-vault.json", "memory/a.md"], Some(Layout::Library));
}

/// The notes of a workspace by path, with the bytes that they hold together.
fn notes(plan: &Plan) -> Vec<(&str, &Vec<plan::Piece>)> {
    plan.items
        .iter()
        .filter_map(|item| match &item.what {
            What::Notes(pieces) => Some((item.path.as_str(), pieces)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_workspace_is_read_the_same_way_twice() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("memory")).unwrap();
    fs::create_dir_all(folder.path().join("skills/renew")).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("MEMORY.md", "# Memory\n## Servers\nport 5433\n## Lessons\nalways dry-run\n");
    write("memory/2026-02-12.md", "---\ntags: [Ops]\n---\n# Day\n## a\nsame\n## a\nsame\n");
    write("skills/renew/SKILL.md", "---\nname: renew-certs\ndescription: Renews.\n---\n# Renew\nrun it\n");
    write("SOUL.md", "I am.\n");
    fs::write(folder.path().join("memory/bad.md"), b"\xff\xfe").unwrap();
    let agent: AgentId = "ada".parse().unwrap();
    let plan = workspace::read(folder.path(), &agent);
    let notes = notes(&plan);
    assert_eq!(
        notes.iter().map(|(path, _)| *path).collect::<Vec<_>>(),
        ["MEMORY.md", "memory/2026-02-12.md", "skills/renew/SKILL.md"]
    );
    let memory = &notes[0].1;
    assert_eq!((memory[0].note.kind.as_str(), memory[1].note.kind.as_str()), ("fact", "lesson"));
    assert_eq!(memory[0].note.key, "file:MEMORY.md#Servers");
    let daily = &notes[1].1;
    assert_eq!(daily.len(), 2);
    assert_ne!(daily[0].id, daily[1].id, "the place in the file is part of the id");
    assert_eq!((daily[0].note.logged_at.as_str(), &daily[0].note.tags[..]), ("2026-02-12", &["ops".to_owned()][..]));
    let skill = &notes[2].1[0].note;
    assert_eq!((skill.kind.as_str(), skill.title.as_str()), ("skill", "renew-certs"));
    assert_eq!(skill.text, "Renews.\n\n# Renew\nrun it\n");
    let refused = |plan: &Plan| plan.items.iter().filter(|item| matches!(item.what, What::Refused(_))).count();
    assert_eq!(refused(&plan), 1);
    let ids = |plan: &Plan| -> Vec<String> {
        plan.items
            .iter()
            .flat_map(|item| match &item.what {
                What::Notes(pieces) => pieces.iter().map(|piece| piece.id.clone()).collect(),
                _ => Vec::new(),
            })
            .collect()
    };
    assert_eq!(ids(&plan), ids(&workspace::read(folder.path(), &agent)));
}

#[test]
fn every_byte_of_the_real_workspace_is_in_one_note() {
    let root = Path::new("/work/shared/data/workspaces/lobsterops");
    if !root.is_dir() {
        eprintln!("skipped: {} is not on this machine", root.display());
        return;
    }
    let plan = workspace::read(root, &"ralph".parse().unwrap());
    let mut files = 0;
    for (path, pieces) in notes(&plan) {
        let text = fs::read_to_string(root.join(path)).unwrap();
        let body = commune_knowledge::document::Document::parse(&text).unwrap().body;
        assert_eq!(pieces.iter().map(|piece| piece.note.text.as_str()).collect::<String>(), body, "{path}");
        files += 1;
    }
    assert_eq!(files, 21, "all memory files");
    assert!(!plan.items.iter().any(|item| matches!(item.what, What::Refused(_))), "nothing is refused");
    let alone = plan.items.iter().filter(|item| matches!(item.what, What::LeftAlone(_))).count();
    assert_eq!(plan.items.len(), files + alone, "every file is accounted for");
}
