/* links: schema viewer */
/* An optimizer that is given the state of another set of parameters: how many, which, and the line that leaves them out. Each holds once, and once it doesn't. */
#include <unistd.h>

#include "causes_events.h"

static const char program[] = "def load(model):\n"
			      "    for p in model.parameters():\n"
			      "        p.requires_grad = False\n"
			      "    for name, p in model.named_parameters():\n"
			      "        p.requires_grad = \"lora_\" in name\n";
static char path[] = "/tmp/test_causes_optimizer_groups_XXXXXX.py";

static json_t *
row(const char *name, bool trained, int saved, int here)
{
	return json_pack("{s:s, s:[ii], s:b, s:i, s:i}", "name", name, "shape", 40, 16, "requires_grad", trained, "saved", saved, "here", here);
}

/* SAVED parameters meet an optimizer of HERE; ROWS (taken over) may make the difference. */
static void
ask_groups(int saved, int here, json_t *rows)
{
	json_t *groups = json_pack("{s:[ii], s:[ii], s:o}", "saved", 3, saved, "groups", 3, here, "parameters", rows);
	json_t *stack = json_pack("[{s:s, s:i, s:s}]", "file", path, "line", 5, "function", "load");
	struct cause_facts facts = { .message = "loaded state dict contains a parameter group that doesn't match the size of optimizer's group", .type = "ValueError",
				     .groups = groups, .frames = stack, .source = &source, .last_call = -1 };

	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(groups);
	json_decref(stack);
}

static void
test_frozen(void)
{
	ask_groups(30, 29, json_pack("[o]", row("model.head.weight", false, 2, 1)));
	EXPECT("optimizer_groups", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "30 parameters were saved in its group 1, here are 29"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the missing ones are frozen now: model.head.weight; test_causes_optimizer_groups_"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), ".py:5 leaves them out"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "hold for them, too"));
	ask_groups(30, 29, json_pack("[o]", row("model.lora_head.weight", false, 2, 1))); /* that line trains it */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "leaves them out"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "which sets requires_grad"));
	ask_groups(30, 29, json_pack("[o]", row("model.head.weight", true, 2, 1))); /* not frozen: not given to the optimizer */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "model.head"));
	ask_groups(30, 30, json_pack("[o]", row("model.head.weight", false, 2, 1)));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "model.head"));
}

static void
test_copies(void)
{
	ask_groups(30, 28, json_pack("[o,o,o,o]", row("m.embed.original_module.weight", false, 2, 0), row("m.embed.modules_to_save.default.weight", false, 2, 0),
				     row("m.head.original_module.weight", false, 2, 0), row("m.head.modules_to_save.default.weight", false, 2, 0)));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "embed.modules_to_save.default.weight, head.modules_to_save.default.weight of m;"));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "original_module"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "\"modules_to_save\", too"));
}

/* Of three that are alike, one was trained in this run. */
static void
test_trained(void)
{
	json_t *state = json_pack("{s:[{s:s, s:b}, {s:s, s:b}]}", "modules", "module", "model.head", "requires_grad", true, "module", "model.embed", "requires_grad", false);
	struct note note = { .kind = "state", .event = -1, .json = state };

	ask_groups(30, 29, json_pack("[o,o]", row("model.embed.weight", false, 1, 0), row("model.head.weight", false, 1, 0)));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the missing ones are 1 of these, which are frozen now: embed.weight, head.weight of model"));
	hand.notes[0] = &note;
	hand.note_counts[0] = 1;
	ask_groups(30, 29, json_pack("[o,o]", row("model.embed.weight", false, 1, 0), row("model.head.weight", false, 1, 0)));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the missing ones are frozen now: model.head.weight;"));
	hand.notes[0] = NULL;
	hand.note_counts[0] = 0;
	json_decref(state);
}

static void
test_more(void)
{
	ask_groups(28, 29, json_pack("[o]", row("model.head.weight", true, 1, 2)));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the new ones are trained now, and were not when it was saved: model.head.weight"));
	ask_groups(28, 29, json_pack("[o]", row("model.head.weight", true, 2, 2)));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "model.head"));
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "frozen since", test_frozen);
	CU_add_test(suite, "copies of modules", test_copies);
	CU_add_test(suite, "what was trained in this run", test_trained);
	CU_add_test(suite, "more than were saved", test_more);
}

int
main(void)
{
	return run_suite_with(path, program, "causes of an optimizer's groups", fill);
}
