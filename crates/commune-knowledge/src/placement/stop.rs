//! Words that say nothing about a topic, in the languages most agents write.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;
use xxhash_rust::xxh3::Xxh3;

/// True for a word of grammar, or a single sign.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(word)
}

static STOP_WORDS: LazyLock<HashSet<&str, BuildHasherDefault<Xxh3>>> =
    LazyLock::new(|| WORDS.iter().flat_map(|words| words.split_whitespace()).collect());

const WORDS: &[&str] = &[
    // English
    "a an the and or but if then else of to in on at by for from with without into onto over under as is are was were be been being am
     it its this that these those there here he she they we you i me my your our their his her them us do does did done doing have has
     had having not no can could will would shall should may might must so than too very just also only such own same other some any
     each every all both more most less least few many much how what when where which who whom why again about above below between
     through during before after up down out off further once because while until use used using get got one two see via per etc
     it's don't doesn't isn't can't i'm we're you're make made way thing things note notes lesson learned howto",
    // French
    "le la les un une des de du d' l' et ou mais si donc or ni car ne pas plus que qui quoi dont où ce cet cette ces c'est il elle ils
     elles on nous vous je tu me te se son sa ses leur leurs mon ma mes notre votre à au aux en dans sur sous par pour avec sans est sont
     était être avoir a ont fait faire comme quand comment pourquoi aussi très tout tous toute toutes même y",
    // German
    "der die das den dem des ein eine einen einem einer eines und oder aber wenn dann als wie ob von zu zum zur im in am an auf aus bei
     mit nach seit vor für über unter durch ohne gegen um ist sind war waren sein hat haben wird werden wurde nicht kein keine auch nur
     noch schon sehr so da dass daß man sich er sie es wir ihr ich du mein dein unser was wer wo warum alle jede jeder dieses diese dieser",
    // Spanish, Portuguese, Italian
    "el los las una unos unas y o pero si no del al lo que quien cuando donde como por para con sin sobre entre es son fue ser estar está
     están ha han hay su sus mi tu se le les muy más también este esta estos estas ese esa os as um uma e ou mas do da dos das no na nos
     nas ao à pelo pela com sem em não é são foi ter tem isso isto il gli i uno di del della dei delle da nel nella con su per tra fra è
     sono era che chi come quando dove anche non più molto questo questa ed",
    // Dutch
    "de het een en of maar als dan van te tot op aan uit bij met na voor over door om is zijn was waren heeft hebben wordt niet geen ook
     nog zeer dat die dit deze er hij zij wij",
    // Russian
    "и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только её мне было вот от меня ещё нет о из ему
     теперь когда даже ну если уже или быть был до для это этот эта эти",
    // Arabic
    "في من على إلى عن مع هذا هذه ذلك التي الذي أن إن لا ما لم لن كان كانت هو هي هم و أو ثم قد كل بعد قبل عند",
    // Hindi
    "का की के में से को पर है हैं था थी थे और या नहीं यह वह ये वे एक भी तो ही कि जो हो कर लिए",
    // Chinese and Japanese, one sign each
    "的 了 是 在 和 与 也 就 都 而 及 或 不 这 那 有 个 为 请 の に は を た が で て と し れ さ い る も な よ う か ら り こ そ",
];
