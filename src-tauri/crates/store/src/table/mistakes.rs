//! Likely mistakes and doubts. They follow from the marks, and are looked for when somebody asks and not when marks change:
//! a run has better things to do.

use std::collections::HashMap;

use domain::annotation::{Annotation, RejectReason, Shape, Status};
use domain::checks::{Check, Mistake, RepairExtent, Swept, UsualAspect, misplaced, misspelled};
use domain::doubt::Signals;
use domain::geometry::PixelSize;
use domain::ids::{AnnotationId, ImageId};
use domain::layers::LayerScope;
use domain::library::ReviewState;
use domain::review::Verdict;
use rusqlite::{OptionalExtension, params};

use super::all;
use super::steps::{MarkStep, decided, removed};
use crate::code::{from_json, from_name, name_of};
use crate::{Edit, Result, View};

/// Boxes of a label that are looked at to say what is usual.
const MOST_BOXES: u32 = 500;

/// How many marks images usually have.
#[derive(Debug, Clone, Copy, Default)]
struct UsualCount {
    middle: f64,
    spread: f64,
}

/// What is usual in this library, as far as it was asked for.
struct Usual {
    aspects: HashMap<String, Option<UsualAspect>>,
    label_counts: HashMap<String, u32>,
    count: UsualCount,
}

impl View<'_> {
    /// Whether there are images that [`Edit::look_through`] has not seen as they are.
    pub fn has_unchecked(&self) -> Result<bool> {
        let mut statement = self.0.prepare_cached("SELECT EXISTS (SELECT 1 FROM unchecked_images)")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// How many of them there are.
    pub(super) fn unchecked_count(&self) -> Result<u32> {
        let mut statement = self.0.prepare_cached("SELECT count(*) FROM unchecked_images")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Whether `image` is as it was when it was last looked through.
    pub fn is_checked(&self, image: ImageId) -> Result<bool> {
        let mut statement =
            self.0.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM unchecked_images WHERE image_id = ?1)")?;
        Ok(statement.query_row([image.0], |row| row.get(0))?)
    }

    /// What the places and sizes of the marks on `image` have given away, in their order.
    fn misplaced_on(&self, image: ImageId) -> Result<Vec<Mistake>> {
        let mut statement = self.0.prepare_cached(
            "SELECT kind, mark_id, other_id FROM mistakes WHERE image_id = ?1 ORDER BY mark_id, kind",
        )?;
        all(&mut statement, [image.0], |row| {
            let other: Option<u32> = row.get(2)?;
            Ok(Mistake {
                check: from_name("mistakes.kind", row.get(0)?)?,
                mark: AnnotationId(row.get(1)?),
                other: other.map(AnnotationId),
                label: None,
            })
        })
    }

    /// Likely mistakes on `image` among the annotations of `layers`, in the order of its marks.
    pub fn mistakes_on(&self, image: ImageId, layers: &LayerScope) -> Result<Vec<Mistake>> {
        let shown = self.shown_on(image, layers)?;
        let mut mistakes = self.misplaced_on(image)?;
        mistakes.retain(|mistake| is_among(&shown, mistake));
        let meant: HashMap<String, String> = self.misspelled_labels()?.into_iter().collect();
        if !meant.is_empty() {
            for mark in shown {
                if let Some(label) = meant.get(&mark.label).filter(|_| mark.status != Status::Rejected) {
                    mistakes.push(Mistake {
                        check: Check::Misspelled,
                        mark: mark.id,
                        other: None,
                        label: Some(label.clone()),
                    });
                }
            }
            mistakes.sort_by_key(|mistake| (mistake.mark, mistake.check));
        }
        Ok(mistakes)
    }

    /// What [`Edit::repair`] would change on `images`.
    pub fn repair_extent(&self, check: Check, images: &[ImageId], layers: &LayerScope) -> Result<RepairExtent> {
        let mut extent = RepairExtent::default();
        for &image in images {
            let mistaken = self.mistaken(check, image, layers)?;
            if mistaken.is_empty() {
                continue;
            }
            extent.images += 1;
            extent.reviewed += u32::from(self.review_of(image)? != ReviewState::Unreviewed);
            for (mark, _) in mistaken {
                extent.marks += 1;
                extent.decided += u32::from(mark.status.is_approved());
            }
        }
        Ok(extent)
    }

    /// The annotations of `layers` on `image` that are likely mistakes of a kind.
    fn mistaken(&self, check: Check, image: ImageId, layers: &LayerScope) -> Result<Vec<(Annotation, Mistake)>> {
        let mut standing = self.shown_on(image, layers)?;
        // Which labels are misspelled is found among all labels of the library: not for every image for nothing.
        let mistakes = match check {
            Check::Misspelled => self.mistakes_on(image, layers)?,
            _ => self.misplaced_on(image)?,
        };
        let mistakes: Vec<Mistake> =
            mistakes.into_iter().filter(|mistake| mistake.check == check && is_among(&standing, mistake)).collect();
        let mistakes = mistakes.into_iter();
        let with_mark = mistakes.filter_map(|mistake| {
            let place = standing.iter().position(|mark| mark.id == mistake.mark)?;
            Some((standing.swap_remove(place), mistake))
        });
        Ok(with_mark.collect())
    }

    /// Labels that are likely another one, with that one.
    pub(super) fn misspelled_labels(&self) -> Result<Vec<(String, String)>> {
        let labels: Vec<(String, u32)> =
            self.label_counts(None)?.into_iter().map(|label| (label.name, label.count)).collect();
        Ok(misspelled(&labels))
    }

    fn usual_count(&self) -> Result<UsualCount> {
        let mut statement = self.0.prepare_cached(
            "SELECT proposed + accepted + edited AS marks, count(*) FROM image_figures GROUP BY marks ORDER BY marks",
        )?;
        let counts: Vec<(u32, u32)> = all(&mut statement, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let Some(middle) = weighted_median(&counts) else { return Ok(UsualCount::default()) };
        let mut deviations: Vec<(u32, u32)> =
            counts.iter().map(|(marks, images)| (marks.abs_diff(middle), *images)).collect();
        deviations.sort_unstable();
        let spread = weighted_median(&deviations).unwrap_or_default();
        // Where nearly all have the same number, one more or less is not yet odd.
        Ok(UsualCount { middle: f64::from(middle), spread: f64::from(spread.max(1)) })
    }
}

/// Whether a mistake can be seen among the annotations `shown`: what repeats a hidden annotation is no mistake there.
fn is_among(shown: &[Annotation], mistake: &Mistake) -> bool {
    let has = |id: AnnotationId| shown.iter().any(|annotation| annotation.id == id);
    has(mistake.mark) && mistake.other.is_none_or(has)
}

/// The middle value of `(value, how often)` in order; `None` of nothing.
fn weighted_median(counts: &[(u32, u32)]) -> Option<u32> {
    let total: u64 = counts.iter().map(|(_, often)| u64::from(*often)).sum();
    let mut seen = 0;
    counts.iter().find_map(|(value, often)| {
        seen += u64::from(*often);
        (2 * seen >= total && total > 0).then_some(*value)
    })
}

impl Edit<'_> {
    /// Looks through at most `limit` images whose marks have changed since they were looked through; whether some are left.
    pub fn look_through(&self, limit: u32) -> Result<bool> {
        let mut statement = self.0.0.prepare_cached("SELECT image_id FROM unchecked_images LIMIT ?1")?;
        let images: Vec<ImageId> = all(&mut statement, [limit], |row| Ok(ImageId(row.get(0)?)))?;
        if images.is_empty() {
            return Ok(false);
        }
        self.look_through_these(&images)?;
        self.has_unchecked()
    }

    /// Looks through `images`, whether or not their marks have changed.
    pub fn look_through_these(&self, images: &[ImageId]) -> Result<()> {
        let label_counts = self.label_counts(None)?.into_iter().map(|label| (label.name, label.count)).collect();
        let mut usual = Usual { aspects: HashMap::new(), label_counts, count: self.usual_count()? };
        images.iter().try_for_each(|image| self.look_at(*image, &mut usual))
    }

    fn look_at(&self, image: ImageId, usual: &mut Usual) -> Result<()> {
        // First, since what is usual may turn out otherwise, and then this image is to be looked at again.
        self.0.0.prepare_cached("DELETE FROM unchecked_images WHERE image_id = ?1")?.execute([image.0])?;
        self.0.0.prepare_cached("DELETE FROM mistakes WHERE image_id = ?1")?.execute([image.0])?;
        self.0.0.prepare_cached("DELETE FROM image_doubts WHERE image_id = ?1")?.execute([image.0])?;
        let mut marks = self.annotations_of(image)?;
        for mark in marks.iter().filter(|mark| mark.status != Status::Rejected) {
            if !usual.aspects.contains_key(&mark.label) {
                let aspect = self.usual_aspect(&mark.label, &usual.label_counts)?;
                usual.aspects.insert(mark.label.clone(), aspect);
            }
        }
        let mut mistakes =
            misplaced(self.image_size(image)?, &marks, |label| usual.aspects.get(label).copied().flatten());
        marks.retain(|mark| LayerScope::All.shows(mark));
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO mistakes (image_id, mark_id, kind, other_id, is_superseded) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for mistake in &mistakes {
            let other = mistake.other.map(|other| other.0);
            let is_superseded = !is_among(&marks, mistake);
            statement.execute(params![image.0, mistake.mark.0, name_of(&mistake.check)?, other, is_superseded])?;
        }
        mistakes.retain(|mistake| is_among(&marks, mistake));
        if LayerScope::All.review_state(self.review_of(image)?, &marks) == ReviewState::Unreviewed {
            let doubt = self.signals(image, &marks, &mistakes, usual)?.doubt();
            if doubt > 0.0 {
                self.0
                    .0
                    .prepare_cached("INSERT INTO image_doubts (image_id, doubt) VALUES (?1, ?2)")?
                    .execute(params![image.0, doubt])?;
            }
        }
        Ok(())
    }

    fn signals(&self, image: ImageId, marks: &[Annotation], mistakes: &[Mistake], usual: &Usual) -> Result<Signals> {
        let standing: Vec<&Annotation> = marks.iter().filter(|mark| mark.status != Status::Rejected).collect();
        let unsure = standing.iter().filter(|mark| mark.status == Status::Proposed);
        let rarest = standing.iter().filter_map(|mark| usual.label_counts.get(&mark.label)).min();
        let mut statement = self.0.0.prepare_cached("SELECT disagreement FROM image_figures WHERE image_id = ?1")?;
        let disagreement = statement.query_row([image.0], |row| row.get(0)).optional()?.unwrap_or_default();
        let count = f64::from(u32::try_from(standing.len()).unwrap_or(u32::MAX));
        let is_answered = !marks.is_empty();
        Ok(Signals {
            least_certain: unsure.map(|mark| f64::from(mark.confidence.unwrap_or(0.0))).min_by(f64::total_cmp),
            mistakes: u32::try_from(mistakes.len()).unwrap_or(u32::MAX),
            rarest_label: rarest.copied(),
            count_spreads: if is_answered && usual.count.spread > 0.0 {
                (count - usual.count.middle) / usual.count.spread
            } else {
                0.0
            },
            disagreement,
        })
    }

    /// How boxes of `label` usually are. When that is counted anew, all images with the label are to be looked through again:
    /// since the marks have doubled by then, all looking together is twice the marks at most.
    fn usual_aspect(&self, label: &str, label_counts: &HashMap<String, u32>) -> Result<Option<UsualAspect>> {
        let marks = label_counts.get(label).copied().unwrap_or_default();
        let mut statement =
            self.0.0.prepare_cached("SELECT mark_count, boxes, middle, spread FROM label_norms WHERE label = ?1")?;
        let known = statement
            .query_row([label], |row| {
                let usual = UsualAspect { boxes: row.get(1)?, middle: row.get(2)?, spread: row.get(3)? };
                Ok((row.get::<_, u32>(0)?, usual))
            })
            .optional()?;
        if let Some((counted, usual)) = known
            && marks < counted.saturating_mul(2)
            && marks > counted / 2
        {
            return Ok(Some(usual));
        }
        let mut boxes = self.0.0.prepare_cached(
            "SELECT shape FROM image_labels JOIN annotations USING (image_id, label)
             WHERE label = ?1 AND status <> 'rejected' AND (status <> 'proposed' OR NOT is_superseded) LIMIT ?2",
        )?;
        let shapes: Vec<Shape> = all(&mut boxes, params![label, MOST_BOXES], |row| {
            from_json("annotations.shape", &row.get::<_, String>(0)?)
        })?;
        let rects: Vec<_> = shapes
            .iter()
            .filter_map(|shape| if let Shape::Box { rect } = shape { Some(*rect) } else { None })
            .collect();
        let Some(usual) = UsualAspect::of(&rects) else { return Ok(None) };
        self.0
            .0
            .prepare_cached(
                "INSERT INTO label_norms (label, mark_count, boxes, middle, spread) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET mark_count = excluded.mark_count, boxes = excluded.boxes,
                     middle = excluded.middle, spread = excluded.spread",
            )?
            .execute(params![label, marks, usual.boxes, usual.middle, usual.spread])?;
        if known.is_some() {
            self.0
                .0
                .prepare_cached(
                    "INSERT INTO unchecked_images SELECT image_id FROM image_labels WHERE label = ?1
                     ON CONFLICT DO NOTHING",
                )?
                .execute([label])?;
        }
        Ok(Some(usual))
    }

    /// Repairs every mistake of a kind on `images`, as one step: what repeats another mark, or can hardly be meant, is
    /// rejected; what reaches over the edge is cut off there; a misspelled label becomes the one that is meant. With
    /// `spares_decided` marks stay that a person has accepted, edited or drawn. Annotations outside `layers` are not touched.
    pub fn repair(
        &self,
        check: Check,
        images: &[ImageId],
        layers: &LayerScope,
        spares_decided: bool,
        now: u64,
    ) -> Result<Swept> {
        let sweep = self.next_sweep()?;
        let mut swept = Swept { images: 0, marks: 0 };
        for &image in images {
            let size = self.image_size(image)?;
            let mut steps = Vec::new();
            for (mark, mistake) in self.mistaken(check, image, layers)? {
                if !(spares_decided && mark.status.is_approved()) {
                    let after = self.repaired(&mark, &mistake, size)?;
                    steps.push(MarkStep { before: Some(mark), after });
                }
            }
            if steps.is_empty() {
                continue;
            }
            let standing = self.annotations_of(image)?;
            swept.images += 1;
            swept.marks += u32::try_from(steps.len()).unwrap_or(u32::MAX);
            self.take_step(image, Some(sweep), &standing, steps, layers, false, now)?;
        }
        Ok(swept)
    }

    /// `None`: the mark goes.
    fn repaired(&self, mark: &Annotation, mistake: &Mistake, size: PixelSize) -> Result<Option<Annotation>> {
        let away = |reason| removed(mark, Some(reason));
        Ok(match mistake.check {
            Check::Duplicate => away(RejectReason::Duplicate),
            Check::Huge | Check::Tiny | Check::OddAspect => away(RejectReason::BadBox),
            Check::Outside => match mark.shape.fitted(size) {
                Ok(shape) => Some(Annotation { shape, ..self.as_changed(mark, &mark.label)? }),
                Err(_) => away(RejectReason::BadBox),
            },
            Check::Misspelled => match &mistake.label {
                Some(label) => Some(self.as_changed(mark, label)?),
                None => Some(decided(mark, Verdict::Accept)),
            },
        })
    }
}
