/* Rules about what CUDA told. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../where.h"

/* "aten::embedding at train.py:10" */
static void
add_suspect(const struct cause_facts *facts, struct text *text, const struct cuda_suspect *suspect)
{
	char where[4200];
	bool backward;

	text_add(text, "%s", suspect->operation[0] ? suspect->operation : suspect->kernel);
	if (facts->source && where_call_line(facts->source, facts->process, suspect->site, suspect->event, &backward, where, sizeof where))
		text_add(text, " at %s%s", backward ? SAY("backward of ") : "", where);
}

static void
tell_located(const struct cause_facts *facts, struct cause *out)
{
	const struct cuda_failure *cuda = facts->cuda;
	const struct cuda_suspect *guilty = &cuda->suspects[cuda->located];

	out->confidence = cuda->confidence;
	text_add(&out->text, ": it is ");
	add_suspect(facts, &out->text, guilty);
	text_add(&out->evidence, "%s", guilty->proven ? SAY("the values of its index are known, and lie outside")
		 : cuda->blocking ? SAY("each launch was waited for (CUDA_LAUNCH_BLOCKING), and this one failed")
		 : cuda->told.ours && guilty->event == cuda->told.event ? SAY("the wait right after its kernel failed (--sync)")
		 : cuda->operations == 1 ? SAY("no other kernel ran since the device was last known good")
		 : SAY("of all that ran since the device was last known good it alone takes an index"));
	if (guilty->limit > 0)
		text_add(&out->fix, "keep %s from 0 to %" PRId64 " (%s); check them where they are made, before they go to the device", guilty->index,
			 guilty->limit - 1, guilty->table);
	else if (guilty->takes_index)
		text_add(&out->fix, "check its index before it goes to the device: smaller than the dimension that it indexes, and not negative");
	else
		text_add(&out->fix, "look at what this operation's kernel reads and writes: sizes, strides, offsets, memory freed too early");
	if (strcmp(cuda->confidence, "certain") != 0)
		text_add(&out->fix, "; to be sure: shapebox run --sync index");
}

static void
tell_open(const struct cause_facts *facts, struct cause *out)
{
	const struct cuda_failure *cuda = facts->cuda;
	int index = 0;

	out->confidence = "certain";
	for (int i = 0; i < cuda->suspect_count; i++)
		index += cuda->suspects[i].takes_index;
	text_add(&out->text, ", in one of %" PRId64 " kernels launched before; the line above is only where it came out", cuda->launches);
	if (index) {
		text_add(&out->text, ". %d of their operations %s an index: ", index, index == 1 ? SAY("takes") : SAY("take"));
		for (int i = 0; i < index && i < 3; i++) {
			text_add(&out->text, "%s", i ? ", " : "");
			add_suspect(facts, &out->text, &cuda->suspects[i]);
		}
		text_add(&out->text, "%s", index > 3 ? ", ..." : "");
	}
	text_add(&out->fix, "run it again with `shapebox run --sync %s`: it waits after %s and names the one that fails (CUDA_LAUNCH_BLOCKING=1 "
		 "waits after every kernel, at a higher price)", index ? "index" : "all", index ? SAY("the operations that take an index") : SAY("every kernel"));
}

/* Needs: an asynchronous error that CUDA returned. That it happened earlier is certain; which one it was, as cuda_failure.h
 * says. */
bool
cause_kernel_failed(const struct cause_facts *facts, struct cause *out)
{
	const struct cuda_failure *cuda = facts->cuda;

	if (!cuda)
		return false;
	text_add(&out->text, "a kernel failed on the device (%s%s)", cuda->error->text,
		 cuda->error->code == CUDA_ASSERT ? SAY(": it checks itself, nearly always that an index is within bounds") : "");
	if (cuda->located >= 0)
		tell_located(facts, out);
	else
		tell_open(facts, out);
	return true;
}
