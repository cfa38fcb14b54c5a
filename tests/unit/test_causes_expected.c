/* links: schema viewer */
/* Checks that want one size exactly, by the code around them. */
#include "causes_asked.h"
#include "program_file.h"

/* What the evidence of the first cause says. */
static const char *
evidence_text(void)
{
	return text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text");
}

static char path[] = "/tmp/shapebox-expected-XXXXXX.py";

/* SIZES of input_features, checked at line 10 of an encoder whose first layer is MADE so. */
static void
ask_check(const char *made, const char *handed, int ndim, const int64_t *sizes, const char *named)
{
	struct operand is = TENSOR("input_features", 1, 0);
	const struct operand both[] = { is };
	struct event event = EVENT(SUBJECT_CHECK, both);
	json_t *frames = json_pack("[{s:s, s:s, s:i, s:[]}]", "file", path, "function", "Encoder.forward", "line", 10, "locals");
	json_t *numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "self.config.vocab_size", "value", 100,
				    "name", named, "value", 100, "name", "self.num_mel_bins", "value", 80);
	struct condition_scope scope = { .locals = NULL, .numbers = json_object_get(json_array_get(numbers, 0), "numbers"), .reach = numbers };
	struct condition condition = { .left = "input_features.shape[-1]", .right = "expected", .operator = "!=", .one = { .kind = CONDITION_NUMBER, .number = sizes[ndim - 1] },
				       .other = { .kind = CONDITION_NUMBER, .number = 200, .dim = -1 } };
	struct mismatch wants = { .property = "size", .operand = 0, .against = -1, .dim = ndim - 1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 200,
				  .actual = sizes[ndim - 1] };
	struct cause_facts facts = { .event = &event, .mismatch = &wants, .frames = frames, .numbers = numbers, .condition = &condition, .scope = &scope, .last_call = -1 };
	static struct code_statement statements[16];
	struct code code;

	write_program(path, "import torch\nclass Encoder(nn.Module):\n    def __init__(self, config):\n        self.num_mel_bins = config.num_mel_bins\n        %s\n\n"
		      "    def forward(self, input_features):\n        expected = self.config.max_source_positions * self.conv1.stride[0] * 2\n"
		      "        if input_features.shape[-1] != expected:\n            raise ValueError(f\"of length {expected}\")\n\n        %s\n", made, handed);
	CU_ASSERT_TRUE_FATAL(code_open(&code, path, 0));
	scope.statements = statements;
	scope.count = code_statements(&code, 10, statements, 16);
	code_close(&code);
	is.ndim = ndim;
	is.sizes = sizes;
	event.operands = &is;
	ask_facts(&facts);
	json_decref(frames);
	json_decref(numbers);
}

static const char conv[] = "self.conv1 = nn.Conv1d(self.num_mel_bins, 32, kernel_size=3, padding=1)", call[] = "inputs = nn.functional.gelu(self.conv1(input_features))",
		  positions_name[] = "self.config.max_source_positions";

static void
test_form(void)
{
	ask_check(conv, call, 2, (const int64_t[]){ 2, 20000 }, positions_name);
	EXPECT("expected_size", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "input_features is [2, 20000], and the first layer that takes it, self.conv1 (Conv1d, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), ":5), is for 80 channels (self.num_mel_bins) in a dimension of their own, which it lacks"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "compute the 80 features before"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "cut or resize"));
	ask_check("self.conv1 = nn.Conv1d(in_channels=config.num_mel_bins, out_channels=32)", call, 3, (const int64_t[]){ 2, 100, 80 }, positions_name);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "which stand in dimension 2: it is turned"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "input_features.transpose(1, 2)"));
	ask_check("self.conv1 = nn.Conv2d(1, 32, 3)", call, 3, (const int64_t[]){ 2, 40, 100 }, positions_name);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give input_features 1 channels in dimension 1"));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "signal"));
}

static void
test_length(void)
{
	ask_check(conv, call, 3, (const int64_t[]){ 2, 80, 160 }, positions_name); /* of the layer's form */
	EXPECT("expected_size", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the model takes 200 in dimension 2 of input_features, neither more nor fewer"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "pad input_features by 40 to 200"));
	ask_check(conv, call, 2, (const int64_t[]){ 80, 160 }, positions_name); /* without a batch */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "neither more nor fewer"));
	ask_check("self.conv1 = Stem(self.num_mel_bins, 32)", call, 2, (const int64_t[]){ 2, 160 }, positions_name); /* no layer that is known */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "neither more nor fewer"));
	ask_check(conv, "input_features = self.mel(wave)\n        inputs = self.conv1(input_features)", 2, (const int64_t[]){ 2, 160 }, positions_name); /* another tensor */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "neither more nor fewer"));
}

/* A name is told where the check is computed of it, not where it has the number, too. */
static void
test_named(void)
{
	ask_check(conv, call, 3, (const int64_t[]){ 2, 80, 160 }, positions_name);
	CU_ASSERT_PTR_NOT_NULL(strstr(evidence_text(), "200 is 2 x self.config.max_source_positions"));
	ask_check(conv, call, 3, (const int64_t[]){ 2, 80, 160 }, "self.config.max_length");
	EXPECT("expected_size", "possible");
	CU_ASSERT_PTR_NULL(strstr(evidence_text(), "200 is"));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a form that the first layer doesn't take", test_form);
	CU_add_test(suite, "another length alone", test_length);
	CU_add_test(suite, "the name in the check's expression", test_named);
}

int
main(void)
{
	return run_suite_with(path, "", "expected size", fill);
}
