//! The transformer by itself. What needs the model is skipped, aloud, where `make model` has not fetched it.

use super::*;

/// Where `make model` puts it.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools/model");

fn refused(folder: &Path) -> String {
    let failed = Transformer::load(folder, false).unwrap_err();
    format!("{:#}", anyhow::Error::from(failed))
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = refused(folder.path());
    assert!(
        said.contains("onnxruntime") && said.contains("make model") && said.contains("library.model_folder"),
        "{said}"
    );
    let library = format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    std::fs::write(folder.path().join(library), "no library").unwrap();
    let said = refused(folder.path());
    assert!(said.contains(MODEL), "{said}");
}

#[test]
fn it_means_what_the_static_model_means() {
    if !Path::new(FOLDER).join(MODEL).exists() {
        println!("skipped: {FOLDER} has no {MODEL} (make model)");
        return;
    }
    let transformer = Transformer::load(Path::new(FOLDER), true).unwrap();
    let cosine =
        |one: &str, other: &str| transformer.document(one).unwrap().cosine(&transformer.question(other).unwrap());
    let (near, far) = ("Rebooting the postgres server", "Cats sleep most of the day.");
    let question = "How do I restart the database?";
    assert!((cosine(question, question) - 1.0).abs() < 1e-6, "a text has one vector, whichever side it is on");
    assert!(cosine(near, question) > cosine(far, question) + 0.2);
    let asked = StaticModel::shipped().embed(question).unwrap();
    let document = |text: &str| transformer.document(text).unwrap();
    assert!(document(near).cosine(&asked) > document(far).cosine(&asked) + 0.2, "a static question finds it");
    assert_eq!(transformer.document(""), None);

    // a text of many sections means what they mean together
    let long = format!("# Databases\n{}\n# Cats\n{}\n", format!("{near}. ").repeat(60), format!("{far} ").repeat(60));
    let long = document(&long);
    assert!(long.cosine(&document(near)) > 0.5 && long.cosine(&document(far)) > 0.4);

    // what is no model, beside a library that is one
    let folder = tempfile::tempdir().unwrap();
    let library = format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    std::fs::copy(Path::new(FOLDER).join(&library), folder.path().join(&library)).unwrap();
    std::fs::write(folder.path().join(MODEL), "no model").unwrap();
    let said = refused(folder.path());
    assert!(said.contains(MODEL) && said.contains("cannot be run"), "{said}");
}
