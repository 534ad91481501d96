//! Reads a folder of Markdown (an Obsidian or Quartz vault) as articles. Nothing is written here.
//!
//! Obsidian keeps a vault as it is, with `.obsidian` beside the notes (<https://help.obsidian.md/data-storage>). Of a Quartz site only `content/` is the
//! vault, and by default `private` and `templates` are not published (`ignorePatterns`, <https://quartz.jzhao.xyz/configuration>). `draft: true` and
//! `publish: false` keep a page out, as there.

use std::{collections::BTreeMap, path::Path};

use commune_knowledge::{
    document::{self, Document},
    normalize, secrets,
};
use commune_proto::{
    ArticlePath,
    librarian::v1::{Article, ArticleKind},
};

use super::plan::{self, Item, Plan, What, files};
use crate::export::page;

/// Most bytes of an article.
const BODY_LIMIT: usize = 512 * 1024;

/// Folders that a Quartz site does not publish.
const UNPUBLISHED: [&str; 2] = ["private", "templates"];

/// Most segments of a path.
const DEPTH: usize = 8;

/// True when the folder looks like a vault.
pub(super) fn is_one(root: &Path) -> bool {
    root.join(".obsidian").is_dir() || is_quartz(root) || has_markdown(root)
}

/// True for the folder of a Quartz site.
fn is_quartz(root: &Path) -> bool {
    ["quartz.config.ts", "quartz.config.yaml"].iter().any(|file| root.join(file).is_file())
}

/// Every file of the vault, with the article that it gives.
pub(super) fn read(root: &Path) -> Plan {
    let mut plan = Plan::default();
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let content = root.join("content");
    let is_site = is_quartz(root);
    for file in files(if is_site && content.is_dir() { &content } else { root }, &mut plan) {
        let what = if !is_markdown(&file.path) {
            What::LeftAlone("an attachment".to_owned())
        } else if is_site && file.path.split('/').any(|part| UNPUBLISHED.contains(&part)) {
            What::LeftAlone("the site does not publish it".to_owned())
        } else {
            match file.text() {
                Ok(text) => article(&file.path, &text),
                Err(reason) => What::Refused(reason),
            }
        };
        let what = match what {
            What::Article(article) => match taken.insert(article.path.clone(), file.path.clone()) {
                None => What::Article(article),
                Some(other) => {
                    let why = format!("its path `{}` is that of {other} too: rename one of them", article.path);
                    taken.insert(article.path, other);
                    What::Refused(why)
                }
            },
            other => other,
        };
        plan.items.push(Item { path: file.path, what });
    }
    plan
}

pub(super) fn article(path: &str, text: &str) -> What {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => return What::Refused(error.to_string()),
    };
    let says = |key: &str, word: &str| document.text_field(key).is_some_and(|value| value.eq_ignore_ascii_case(word));
    if says("draft", "true") || says("publish", "false") || says("private", "true") || says("visibility", "private") {
        return What::LeftAlone("its front matter keeps it private".to_owned());
    }
    if let Some(own) = plan::written(&document.body) {
        return own;
    }
    let exported = Exported::of(&document);
    match exported.as_ref().map(|exported| exported.kind) {
        Some(page::SECTION) => return What::LeftAlone("it lists pages: the library makes its own".to_owned()),
        Some(page::REDIRECT) => return What::LeftAlone("it leads to another page".to_owned()),
        _ => {}
    }
    if document::is_empty(&document.body) {
        return What::LeftAlone("empty".to_owned());
    }
    if document.body.len() > BODY_LIMIT {
        return What::Refused(format!("it has {} bytes; at most {BODY_LIMIT} are allowed: divide it", text.len()));
    }
    if let Some(finding) = secrets::scan(text).first() {
        return What::Refused(format!(
            "line {} looks like a secret ({}): the library is read by every member; take it out",
            finding.line, finding.rule
        ));
    }
    let (path, is_skill) = match exported.map_or_else(|| address(path), |exported| Ok(exported.address())) {
        Ok(address) => address,
        Err(reason) => return What::Refused(reason),
    };
    let title = match document.text_field("title").or_else(|| document.text_field("name").filter(|_| is_skill)) {
        Some(title) if !title.trim().is_empty() => title.trim().to_owned(),
        _ => heading(&document.body).unwrap_or_else(|| path.1.clone()),
    };
    let tags = plan::tags(document.list_field("tags"));
    let mut aliases = document.list_field("aliases");
    aliases.extend(document.list_field("alias"));
    aliases.extend(document.list_field(page::OTHER_NAMES));
    aliases.retain(|alias| !alias.trim().is_empty());
    What::Article(Box::new(Article {
        path: path.0.to_string(),
        title,
        kind: if is_skill { ArticleKind::Skill } else { ArticleKind::Article }.into(),
        body: document.body,
        tags,
        aliases,
        ..Article::default()
    }))
}

/// What an export of the library says of its page.
struct Exported<'a> {
    path: ArticlePath,
    kind: &'a str,
}

impl<'a> Exported<'a> {
    /// None where no export wrote the page.
    fn of(document: &'a Document) -> Option<Self> {
        let path = document.text_field(page::PATH)?.parse().ok()?;
        Some(Self { path, kind: document.text_field(page::KIND).unwrap_or_default() })
    }

    /// As [`address`] gives it.
    fn address(self) -> ((ArticlePath, String), bool) {
        let shown = self.path.segments().last().unwrap_or_default().to_owned();
        ((self.path, shown), self.kind == page::SKILL)
    }
}

/// The article's path and the name of its file, and whether it is a skill.
fn address(path: &str) -> Result<((ArticlePath, String), bool), String> {
    let mut segments: Vec<&str> = path.split('/').collect();
    let file = segments.pop().unwrap_or_default();
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    let is_skill = file == "SKILL.md" && !segments.is_empty();
    let stands_for_folder = is_skill || ["index", "_index", "readme"].contains(&name.to_lowercase().as_str());
    let shown = match (stands_for_folder, segments.last()) {
        (true, Some(folder)) => (*folder).to_owned(),
        _ => {
            segments.push(name);
            name.to_owned()
        }
    };
    if segments.len() > DEPTH {
        return Err(format!("it lies {} folders deep; at most {DEPTH} are allowed: move it up", segments.len() - 1));
    }
    let slugs: Vec<String> = segments.iter().map(|segment| normalize::slug(segment)).collect();
    let path = ArticlePath::from_segments(slugs.iter().map(String::as_str)).map_err(|error| error.to_string())?;
    Ok(((path, shown), is_skill))
}

/// The title that the body itself gives: its first heading of level 1.
fn heading(body: &str) -> Option<String> {
    let sections = document::sections(body);
    sections.into_iter().find(|s| s.level == 1 && !s.heading.trim().is_empty()).map(|s| s.heading)
}

pub(super) fn is_markdown(path: &str) -> bool {
    let lower = path.to_lowercase();
    lower.ends_with(".md") || lower.ends_with(".markdown")
}

fn has_markdown(root: &Path) -> bool {
    files(root, &mut Plan::default()).iter().any(|file| is_markdown(&file.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, wanted: Result<&str, ()>) {
        let found = address(path).map(|((path, _), _)| path.to_string());
        assert_eq!(found.as_deref().map_err(|_| ()), wanted, "{path}");
    }

    #[test]
    fn paths_come_from_folders_and_names() {
        check("How To/Renew a Certificate.md", Ok("how-to/renew-a-certificate"));
        check("garden/index.md", Ok("garden"));
        check("index.md", Ok("index"));
        check("skills/deploy/SKILL.md", Ok("skills/deploy"));
        check("1/2/3/4/5/6/7/8/9.md", Err(()));
    }

    #[test]
    fn an_article_takes_its_names_from_the_front_matter() {
        let text = "---\ntitle: Renewing\ntags: [TLS, '#ops']\naliases:\n  - certbot\n---\n# Heading\ntext\n";
        let What::Article(article) = article("a/b.md", text) else { panic!("no article") };
        assert_eq!(article.title, "Renewing");
        assert_eq!(article.tags, ["ops", "tls"]);
        assert_eq!(article.aliases, ["certbot"]);
        assert_eq!(article.body, "# Heading\ntext\n");
    }

    #[test]
    fn an_export_comes_back_to_where_it_was() {
        let page = |path: &str, kind: ArticleKind| Article {
            path: path.into(),
            title: "Rotate: \"logs\"".into(),
            kind: kind.into(),
            body: "text\n".into(),
            aliases: vec!["rotate".into(), "a/b".into()],
            revision: 2,
            ..Article::default()
        };
        for (path, kind) in [("skills/rotate", ArticleKind::Skill), ("a/index", ArticleKind::Article)] {
            let exported = page(path, kind);
            let What::Article(article) = article("elsewhere.md", &page::text(&exported)) else { panic!("no article") };
            assert_eq!(*article, Article { revision: 0, ..exported });
        }
        let gone = Article { redirect_to: "b".into(), ..page("a", ArticleKind::Article) };
        assert!(matches!(article("a.md", &page::text(&gone)), What::LeftAlone(_)));
        assert!(matches!(article("a.md", &page::section("a", "A", "- [[a/b]]\n")), What::LeftAlone(_)));
    }

    #[test]
    fn what_is_private_or_secret_stays_out() {
        assert!(matches!(article("a.md", "---\ndraft: true\n---\ntext"), What::LeftAlone(_)));
        assert!(matches!(article("a.md", "---\nx: [\n---\ntext"), What::Refused(_)));
        assert!(matches!(article("a.md", "# only a heading\n"), What::LeftAlone(_)));
        let key = format!("key: AKIA{}\n", "IOSFODNN7ABCDEFG");
        assert!(matches!(article("a.md", &key), What::Refused(_)));
    }

    #[test]
    fn two_files_of_one_path_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["A b.md", "a-b.md", "picture.png"] {
            std::fs::write(folder.path().join(name), "text\n").unwrap();
        }
        let plan = read(folder.path());
        let refused: Vec<&Item> = plan.items.iter().filter(|item| matches!(item.what, What::Refused(_))).collect();
        assert_eq!(refused.len(), 1, "{plan:?}");
        assert_eq!(plan.items.len(), 3);
    }
}
