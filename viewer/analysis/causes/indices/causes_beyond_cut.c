/* A rule about an index into what was cut at a limit: `ids[: self.max_len]` on the line that made it, of data that says where to look in what isn't cut. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../sizes/sliced.h"
#include "../../where.h"

#define LINES_MOST 24
#define NAME_MOST 100

/* The line that cuts at NAME, which a setting has to be the size. */
struct cut { const struct cause_facts *facts; int64_t size; char name[NAME_MOST], file[512]; int line; const struct setting *set; };

static void
look(const char *name, void *context)
{
	struct cut *cut = context;

	if (cut->set || strlen(name) >= sizeof(cut->name))
		return;
	cut->set = settings_find(cut->facts->settings, name, cut->size);
	text_format(cut->name, sizeof(cut->name), "%s", name);
}

/* The way of SIDE came from a line of the program that cuts at a name of its size. */
static bool
find_cut(const struct cause_facts *facts, const struct cause_side *side, struct cut *cut)
{
	int opened = 0;

	*cut = (struct cut){ .facts = facts, .size = side->size };
	for (int i = side->lineage ? side->lineage->count - 1 : -1; i >= 0 && !cut->set; i--) {
		const struct lineage_step *step = &side->lineage->steps[i];
		struct code code;

		if (step->size != side->size || step->event.site < 0 || !where_is_own(facts->source, facts->process, step->event.site) || opened++ >= LINES_MOST ||
		    !(cut->line = cause_open(facts, step, &code, cut->file, sizeof(cut->file))))
			continue;
		sliced_each(&code, cut->line, look, cut);
		code_close(&code);
	}
	return cut->set != NULL;
}

/* Needs: an index beyond a dimension that is as long as a limit by name at which a line on its way cuts, and that was never longer. */
bool
cause_beyond_cut(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *table = &facts->sides[1];
	const struct lineage_step *made = cause_decider(&facts->sides[0]);
	const char *index, *whole;
	struct cut cut;

	if (!cause_disagrees(facts, "index") || !mismatch->has_actual || mismatch->actual < mismatch->expected || mismatch->actual == INT64_MAX || !facts->source ||
	    !facts->settings || cause_is(facts, "embedding embedding_bag one_hot") || cause_is_loss(facts) || table->size != mismatch->expected || table->size < 3 ||
	    (table->calls && table->largest > table->size) || !find_cut(facts, table, &cut))
		return false;
	index = cause_operand_name(facts, mismatch->operand);
	whole = cause_operand_name(facts, mismatch->against);
	out->confidence = "likely";
	text_add(&out->text, "%s was made of what is cut at %s = %" PRId64 " (%s:%d), and %s isn't held to that: it holds %" PRId64 ", a place behind the cut, in what is uncut", whole, cut.name,
		 cut.size, cut.file, cut.line, index, mismatch->actual);
	if (made) {
		text_add(&out->evidence, "the index was made by ");
		cause_add_step(facts, &out->evidence, made);
	}
	if (table->calls)
		text_add(&out->evidence, "%s%" PRId64 " earlier calls fitted", made ? SAY("; ") : "", table->calls);
	text_add(&out->fix, "where that sample is read, leave it out, or mark the place as missing, if it lies behind the cut; or raise %s to %" PRId64 " or more, which this sample needs", cut.name,
		 mismatch->actual + 1);
	if (cut.set->file >= 0)
		text_add(&out->fix, " (%s:%d)", text_basename(facts->settings->files[cut.set->file]), cut.set->line);
	return true;
}
