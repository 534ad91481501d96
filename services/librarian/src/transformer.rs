//! Vectors by a transformer: all-MiniLM-L6-v2, run by a native library that is loaded when the settings ask for it.
//!
//! A text's vector is the mean of its passages, each the mean of its pieces, brought into the space of the static model. So a
//! question may be embedded by either: by the static model in microseconds, by the transformer in milliseconds and a
//! little better. **It is as deterministic as the library**: another version or processor may differ in the last bit of a number.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use commune_knowledge::embedding::{Embedder, SENTENCE, StaticModel, Vector};
use ort::{
    environment::Environment,
    session::Session,
    value::{Tensor, TensorRef},
};

/// The model's file in its folder.
pub const MODEL: &str = "model.onnx";
/// What the model makes of its pieces.
const OUTPUT: &str = "last_hidden_state";
/// A text to try the model on.
const PROBE: &str = "How is a database restored from a backup?";
/// The least cosine of the probe by model and by table, which were fitted to each other; another model's is about 0.
const PROBE_LIKE: f64 = 0.4;

/// The native library is loaded once in a process.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// The transformer. One text is embedded at a time, and one question beside it.
#[derive(Debug)]
pub struct Transformer {
    documents: Reader,
    questions: Option<Reader>,
}

/// Why the transformer cannot be used; says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TransformerError {
    /// A file is not there.
    #[error("{} cannot be opened: `make model` fetches it, and library.model_folder says where it is", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The library is none, or too old.
    #[error("{} cannot be loaded as the library of ONNX Runtime", path.display())]
    Library {
        /// The file.
        path: PathBuf,
        /// What the loader says.
        #[source]
        source: ort::LoadDynamicError,
    },
    /// The model cannot be read or run.
    #[error("{} cannot be run", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What the library says.
        #[source]
        source: ort::Error,
    },
    /// A model of other sentences than those the static model was fitted to.
    #[error("{} is not all-MiniLM-L6-v2, and its vectors could not be compared with those of questions", path.display())]
    Other {
        /// The file.
        path: PathBuf,
    },
}

impl Transformer {
    /// Loads the library and the model from a folder: `libonnxruntime.so` (`.dylib`, `.dll`) and [`MODEL`]. With `questions`, questions are
    /// embedded by it, too.
    ///
    /// # Errors
    /// [`TransformerError`] when a file is missing, or is not what it should be.
    pub fn load(folder: &Path, questions: bool) -> Result<Self, TransformerError> {
        let library = format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        let (library, model) = (existing(folder.join(library))?, existing(folder.join(MODEL))?);
        let environment = environment(&library)?;
        let read = || Reader::open(&environment, &model).map_err(|source| (model.clone(), source));
        let failed = |(path, source)| TransformerError::Model { path, source };
        let documents = read().map_err(failed)?;
        let questions = questions.then(read).transpose().map_err(failed)?;
        let probe = documents.embed(PROBE).map_err(|source| TransformerError::Model { path: model.clone(), source })?;
        let fitting =
            probe.zip(StaticModel::shipped().embed(PROBE)).is_some_and(|(one, other)| one.cosine(&other) >= PROBE_LIKE);
        if fitting { Ok(Self { documents, questions }) } else { Err(TransformerError::Other { path: model }) }
    }
}

impl Embedder for Transformer {
    fn name(&self) -> &str {
        "all-MiniLM-L6-v2"
    }

    fn document(&self, text: &str) -> Option<Vector> {
        self.documents.embed_or_say(text)
    }

    fn question(&self, text: &str) -> Option<Vector> {
        match &self.questions {
            Some(reader) => reader.embed_or_say(text).or_else(|| StaticModel::shipped().embed(text)),
            None => StaticModel::shipped().embed(text),
        }
    }
}

/// One loaded model.
#[derive(Debug)]
struct Reader(Mutex<Session>);

impl Reader {
    fn open(environment: &Environment, model: &Path) -> ort::Result<Self> {
        // one thread: the rest of the machine serves; texts differ in length, so no pattern of memory comes again
        let session = Session::builder(environment)?
            .with_intra_threads(1)?
            .with_memory_pattern(false)?
            .commit_from_file(model)?;
        Ok(Self(Mutex::new(session)))
    }

    fn embed_or_say(&self, text: &str) -> Option<Vector> {
        self.embed(text).unwrap_or_else(|problem| {
            tracing::error!(error = %problem, "the transformer failed; the static model answers for it");
            None
        })
    }

    fn embed(&self, text: &str) -> ort::Result<Option<Vector>> {
        let model = StaticModel::shipped();
        let passages = model.passages(text);
        if passages.is_empty() {
            return Ok(None);
        }
        let mut sum = [0.0; SENTENCE];
        for passage in passages {
            for (sum, number) in sum.iter_mut().zip(self.sentence(&passage)?) {
                *sum += number;
            }
        }
        normalise(&mut sum);
        Ok(model.project(&sum))
    }

    /// The vector of one passage, of unit length.
    fn sentence(&self, pieces: &[u32]) -> ort::Result<[f32; SENTENCE]> {
        let shape = [1_usize, pieces.len()];
        let ids: Vec<i64> = pieces.iter().map(|piece| i64::from(*piece)).collect();
        let (attended, kind) = (vec![1_i64; pieces.len()], vec![0_i64; pieces.len()]);
        let mut session = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(ort::inputs![
            "input_ids" => TensorRef::from_array_view((shape, ids.as_slice()))?,
            "attention_mask" => TensorRef::from_array_view((shape, attended.as_slice()))?,
            "token_type_ids" => Tensor::from_array((shape, kind))?,
        ])?;
        let output = outputs.get(OUTPUT).ok_or_else(|| ort::Error::new(format!("it gives no `{OUTPUT}`")))?;
        let (shape, numbers) = output.try_extract_tensor::<f32>()?;
        if numbers.len() != pieces.len() * SENTENCE {
            return Err(ort::Error::new(format!(
                "`{OUTPUT}` is of shape {shape}, expected 1 × {} × {SENTENCE}",
                pieces.len()
            )));
        }
        let mut mean = [0.0; SENTENCE];
        for piece in numbers.as_chunks::<SENTENCE>().0 {
            for (sum, number) in mean.iter_mut().zip(piece) {
                *sum += number;
            }
        }
        normalise(&mut mean);
        Ok(mean)
    }
}

fn normalise(numbers: &mut [f32]) {
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length > 0.0 {
        numbers.iter_mut().for_each(|number| *number /= length);
    }
}

fn existing(path: PathBuf) -> Result<PathBuf, TransformerError> {
    // absolute: the loader looks for what is relative beside the program first
    path.canonicalize().map_err(|source| TransformerError::Missing { path, source })
}

fn environment(library: &Path) -> Result<Environment, TransformerError> {
    let mut loaded = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = &*loaded {
        return Ok(environment.clone());
    }
    let path = || library.to_path_buf();
    let builder = ort::init_from(library).map_err(|source| TransformerError::Library { path: path(), source })?;
    let environment =
        builder.with_telemetry(false).build().map_err(|source| TransformerError::Model { path: path(), source })?;
    Ok(loaded.insert(environment).clone())
}

#[cfg(test)]
mod tests;
