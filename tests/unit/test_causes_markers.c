/* links: schema viewer */
/* Start and end markers that are looked for by their tokens' ids (causes_markers.c). */
#include "causes_asked.h"

static char path[] = "/tmp/shapebox-markers-XXXXXX.py";
static const char program[] = "starts = torch.where(ids == self.start_id)[0]\n"
			      "ends = torch.where(ids == self.end_id)[0]\n"
			      "bounds = torch.hstack([starts.unsqueeze(-1), ends.unsqueeze(-1)])\n";

/* STARTS starts of token START and ENDS ends of token END are joined. */
static const char *
told(int64_t starts, int64_t start, int64_t ends, int64_t end)
{
	const struct operand pieces[] = { { .name = "tensors[0]", .kind = "tensor", .item = 0, .ndim = 2, .sizes = SIZES(starts, 1), .dtype = "int64", .tensor = 1 },
					  { .name = "tensors[1]", .kind = "tensor", .item = 1, .ndim = 2, .sizes = SIZES(ends, 1), .dtype = "int64", .tensor = 2 } };
	const struct frame frames[2] = { { .file = path, .function = "convert", .line = 1 }, { .file = path, .function = "convert", .line = 2 } };
	const struct site sites[] = { { .id = 60, .frame_count = 1, .frames = &frames[0] }, { .id = 61, .frame_count = 1, .frames = &frames[1] } };
	struct hand hand = { .sites = sites, .site_count = 2 };
	struct source source = hand_source(&hand);
	const struct event event = { .id = 9, .site = -1, .operation = "aten::hstack", .phase = "forward", .operand_count = 2, .operands = pieces };
	const struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = starts,
					  .actual = ends };
	struct cause_facts facts = { .source = &source, .event = &event, .mismatch = &differs, .last_call = -1, .frames = json_array(),
				     .numbers = json_pack("[{s:i, s:[{s:s, s:I}, {s:s, s:I}]}]", "frame", 0, "numbers", "name", "self.start_id", "value", (json_int_t)start, "name",
							  "self.end_id", "value", (json_int_t)end),
				     .sides = { { .place = 1, .dim = 0, .size = ends }, { .place = 0, .dim = 0, .size = starts } } };
	static struct lineage found[2];

	for (int i = 0; i < 2; i++) {
		found[i] = (struct lineage){ .property = LINEAGE_SIZE, .count = 1, .decider = 0 };
		found[i].steps[0] = (struct lineage_step){ .event = { .id = 3 + i, .site = i ? 60 : 61, .operation = "aten::nonzero" }, .size = i ? starts : ends, .decides = true };
		facts.sides[i].lineage = &found[i];
	}
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.frames);
	json_decref((json_t *)facts.numbers);
	return text_of("markers_unpaired", "text");
}

static void
test_reserved(void)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(told(1, 22, 2, 1), "those of self.end_id are the places of token 1, an id that tokenizers reserve"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("markers_unpaired", "fix"), "add that marker's token to the tokenizer"));
	CU_ASSERT_PTR_NULL(strstr(told(1, 22, 2, 23), "reserve")); /* both are tokens of their own */
	CU_ASSERT_PTR_NULL(strstr(told(1, 2, 2, 3), "reserve"));   /* a vocabulary that begins with them */
	CU_ASSERT_PTR_NULL(strstr(told(3, 22, 2, 1), "reserve"));  /* fewer were found of it */
	CU_ASSERT_STRING_NOT_EQUAL(text_of("markers_unpaired", "text"), "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a marker that isn't in the vocabulary", test_reserved);
}

int
main(void)
{
	return run_suite_with(path, program, "markers", fill);
}
