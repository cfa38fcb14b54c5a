/* links: schema viewer */
/* What causes rest on: counts of places, indices and their names, what a dtype was before, who called a package. */
#include "causes_events.h"
#include "viewer/analysis/history/history_kind.h"
#include "viewer/analysis/where.h"

/* NUMBERS in reach. The mask selects COUNTS in its rows; features of IMAGES pieces of 4 are put there. */
static void
ask_places(const char *counted, int64_t selected, int images, json_t *numbers)
{
	struct operand pieces[4], list[3] = { TENSOR("self", 5, 2, 40, 8), MASK("mask", 6, 2, 40), TENSOR("source", 7, 4 * images, 8) };
	const struct operand joined[] = { TENSOR("output", 7, 4 * images, 8) };
	char message[200], summary[100];
	struct event event = EVENT("aten::index_put_", list);

	list[1].name = "indices[0]";
	list[2].name = "values";
	text_format(message, sizeof(message), "shape mismatch: value tensor of shape [%d, 8] cannot be broadcast to indexing result of shape [%d, 8]", 4 * images, (int)selected);
	text_format(summary, sizeof(summary), "{\"elements\":80,\"true\":%d,\"rows\":%s}", (int)selected, counted);
	start();
	for (int i = 0; i < images; i++)
		pieces[i] = tensor("tensors[0]", 8, 4, 8);
	add_step(0, 90, "aten::cat", pieces, images, 0, 4 * images);
	stories[0].steps[0].event.outputs = joined;
	count_values(6, summary);
	ask(&event, message, NULL, numbers);
	count_values(0, NULL);
}

/* What a check tells of TOKENS places and IMAGES of ROWS each, in front of each of which a cat put one. */
static void
ask_front(int tokens, int rows)
{
	const struct operand pieces[] = { ITEM("tensors[0]", 0, 1, 2, 1, 24), ITEM("tensors[1]", 1, 2, 2, 16, 24) };
	char message[96];

	snprintf(message, sizeof(message), "Image features and image tokens do not match, tokens: %d, features: %d", tokens, 2 * rows * 24);
	forget();
	add_step(0, 90, "aten::cat", pieces, 2, 1, 17);
	ask(NULL, message, json_pack("[{s:[{s:s, s:s, s:s, s:[i, i]}, {s:s, s:s, s:s, s:[i, i]}]}]", "locals", "name", "input_ids", "kind", "tensor", "dtype", "int64",
				     "shape", 2, 40, "name", "image_features", "kind", "tensor", "dtype", "float32", "shape", 2 * rows, 24), NULL);
	forget();
}

static void
test_class_token(void)
{
	ask_front(32, 17);
	EXPECT("first_feature_kept", "likely");
	EXPECT("placeholders_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "each of 2 images gives 17 rows of features, 1 of them put in front"));
	ask_front(31, 17); /* not one for each image: cut */
	EXPECT("first_feature_kept", "");
	ask_front(30, 17); /* another number of them */
	EXPECT("first_feature_kept", "");
}

static void
test_whole_images(void)
{
	ask_places("[4, 8]", 12, 2, NULL);
	EXPECT("placeholders_differ", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "placeholders for 3 images (12 of 4 each) and features of 2 (8): 1 whole image too many in the text"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "sequence 1 has places for 2"));
	ask_places("[4, 0]", 4, 2, NULL); /* one whole image has no place: not cut */
	EXPECT("placeholders_cut", "");
	EXPECT("placeholders_differ", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "1 whole image too few in the text"));
	ask_places("[8, 8]", 16, 2, NULL); /* each has twice as many: counted differently, for all that is known */
	EXPECT("placeholders_differ", "possible");
	ask_places("[4, 7]", 11, 2, NULL); /* cut within an image, or counted differently */
	EXPECT("placeholders_differ", "possible");
}

/* The text has places for all of a sequence's images, of which a limit left some out. */
static void
test_images_left_out(void)
{
	ask_places("[12, 8]", 20, 4, number("args.max_images", 2));
	EXPECT("placeholders_differ", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "has places for 5 images (20, 4 for each), and features of 4 are given, just as many as there are if no sequence has more "
							  "than 2 (args.max_images)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "raise args.max_images to 3"));
	ask_places("[12, 8]", 20, 4, number("args.max_length", 2)); /* a limit, but not of images */
	EXPECT("placeholders_differ", "possible");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "left out"));
	ask_places("[12, 8]", 20, 3, number("args.max_images", 2)); /* it would leave 4 */
	EXPECT("placeholders_differ", "possible");
	ask_places("[8, 4]", 12, 4, number("args.max_images", 2)); /* too few in the text: none was left out */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "left out"));
}

/* A class token stands in front of the patches that are to be a grid again. */
static void
test_joined_before_view(void)
{
	const struct operand grid[] = { TENSOR("self", 1, 2, 50, 32), VALUE("shape", "int[]", "[2, 7, 7, -1]") };
	const struct operand pieces[] = { ITEM("tensors[0]", 0, 5, 2, 1, 32), ITEM("tensors[1]", 1, 6, 2, 49, 32) };
	const struct operand others[] = { ITEM("tensors[0]", 0, 5, 2, 20, 32), ITEM("tensors[1]", 1, 6, 2, 30, 32) };
	const struct event event = EVENT("aten::reshape", grid);

	forget();
	add_step(1, 90, "aten::cat", pieces, 2, 1, 50);
	ask(&event, "", NULL, NULL);
	EXPECT("joined_before_view", "likely");
	EXPECT("elements_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "49 are asked for where there are 50: 1 more were put in front of them by aten::cat"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "self[:, 1:]"));
	stories[1].steps[0].event.operands = others; /* nothing that it was put to */
	ask(&event, "", NULL, NULL);
	EXPECT("joined_before_view", "");
	forget();
}

static void
test_pictures(void)
{
	static struct settings set = { .file_count = 1, .files = { "/run/train.yaml" } };
	const struct operand scaled[] = { ITEM("tensors[0]", 0, 1, 3, 84, 64), ITEM("tensors[1]", 1, 2, 3, 64, 85), ITEM("tensors[2]", 2, 3, 3, 64, 64) };
	const struct operand tall[] = { ITEM("tensors[0]", 0, 1, 3, 84, 64), ITEM("tensors[1]", 1, 2, 3, 85, 64) };
	const struct operand alone[] = { ITEM("tensors[0]", 0, 1, 3, 84, 64), ITEM("tensors[1]", 1, 2, 3, 64, 64) };
	const struct operand sounds[] = { ITEM("tensors[0]", 0, 1, 1, 64, 300), ITEM("tensors[1]", 1, 2, 1, 64, 270) };
	const struct operand apart[] = { ITEM("tensors[0]", 0, 1, 3, 84, 64), ITEM("tensors[1]", 1, 2, 3, 64, 70), ITEM("tensors[2]", 2, 3, 3, 50, 64) };
	const struct operand grey[] = { ITEM("tensors[0]", 0, 1, 3, 64, 64), ITEM("tensors[1]", 1, 2, 1, 64, 64), ITEM("tensors[2]", 2, 3, 3, 64, 64) };
	const struct operand rows[] = { ITEM("tensors[0]", 0, 1, 3, 2, 64), ITEM("tensors[1]", 1, 2, 4, 2, 64), ITEM("tensors[2]", 2, 3, 3, 2, 64) };
	const struct event a = EVENT("aten::stack", scaled), b = EVENT("aten::stack", tall), c = EVENT("aten::stack", sounds), d = EVENT("aten::stack", apart),
			   e = EVENT("aten::stack", grey), f = EVENT("aten::stack", rows), g = EVENT("aten::stack", alone);

	forget();
	ask(&a, "", NULL, NULL); /* some lie, some stand */
	EXPECT("shorter_side", "likely");
	EXPECT("ragged_list", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it is 64 in each, and the other what the picture's own proportions make it (84x64, 64x85, 64x64)"));
	ask(&b, "", NULL, NULL); /* nothing says that it was scaled */
	EXPECT("shorter_side", "");
	ask(&b, "", NULL, number("args.img_size", 64));
	EXPECT("shorter_side", "likely");
	ask(&g, "", NULL, number("args.img_size", 64)); /* one alone is longer, and nothing says that it was scaled */
	EXPECT("shorter_side", "");
	add_step(0, 90, "aten::rand", NULL, 0, 1, 84); /* asked for */
	ask(&b, "", NULL, number("args.img_size", 64));
	EXPECT("shorter_side", "");
	stories[0].steps[0].event.operation = "aten::_upsample_bilinear2d_aa";
	ask(&g, "", NULL, number("args.img_size", 64));
	EXPECT("shorter_side", "likely");
	settings_add_line(&set, "  size: {shortest_edge: 64}", 0, 6); /* what is called so, not what has the same value */
	settings = &set;
	ask(&g, "", NULL, number("args.img_size", 64));
	settings = NULL;
	EXPECT("shorter_side", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it is 64 (shortest_edge, train.yaml:6) in each"));
	stories[0].count = 0;
	ask(&c, "", NULL, number("args.n_mels_size", 64)); /* spectrograms */
	EXPECT("shorter_side", "");
	ask(&d, "", NULL, number("args.img_size", 64)); /* one is shorter */
	EXPECT("shorter_side", "");
	ask(&e, "", NULL, NULL); /* for all that is known, one mask for each thing seen */
	EXPECT("picture_mode", "");
	calls = 5;
	was[0].smallest = was[0].largest = was[1].smallest = was[1].largest = 3;
	ask(&e, "", NULL, NULL);
	EXPECT("picture_mode", "likely");
	EXPECT("ragged_list", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "(tensors[1]) is a grey picture: 1 channel in dimension 0, where 3 are expected"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "convert('RGB')"));
	ask(&f, "", NULL, NULL); /* no pictures */
	EXPECT("picture_mode", "");
	EXPECT("ragged_list", "likely");
	forget();
}

static void
test_merged(void)
{
	const struct operand rows[] = { TENSOR("self", 1, 4, 49, 32), VALUE("size", "int[]", "[4, 12, 128]") };
	const struct operand more[] = { TENSOR("self", 1, 4, 48, 32), VALUE("size", "int[]", "[4, 13, 128]") };
	const struct operand wide[] = { TENSOR("self", 1, 4, 49, 33), VALUE("size", "int[]", "[4, 12, 128]") };
	const struct operand left[] = { TENSOR("self", 1, 4, 49, 32), VALUE("size", "int[]", "[4, -1, 128]") };
	const struct event a = EVENT("aten::view", rows), b = EVENT("aten::view", more), c = EVENT("aten::view", wide), d = EVENT("aten::view", left);

	ask(&d, "", NULL, NULL); /* as many as there are */
	EXPECT("rows_merged", "likely");
	ask(&a, "", NULL, number("self.merge", 4));
	EXPECT("rows_merged", "likely");
	EXPECT("elements_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "49 are to be put together, 4 into one (self.merge = 4), and 49 is no multiple of it: it leaves 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "(48 or 52)"));
	ask(&b, "", NULL, NULL); /* more are asked for than there are */
	EXPECT("rows_merged", "");
	ask(&c, "", NULL, NULL); /* the width isn't so many times as much */
	EXPECT("rows_merged", "");
}

static void
test_index(void)
{
	const struct operand look[] = { TENSOR("self", 1, 8, 8), INDEX("indices[0]", 2, 5) };
	const struct event event = EVENT("aten::index", look);

	start();
	count_values(2, "{\"elements\":5,\"min\":0,\"max\":8,\"negative\":0,\"zero\":1,\"ignored\":0,\"distinct\":3,\"sorted\":false}");
	ask(&event, "index 8 is out of bounds for dimension 0 with size 8", NULL, number("len(data.index)", 9));
	EXPECT("index_out_of_range", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "counts from 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make dimension 0 of self 9 long or more"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "9 would fit: that is len(data.index)"));
	count_values(2, "{\"elements\":5,\"min\":1,\"max\":8,\"negative\":0,\"zero\":0,\"ignored\":0,\"distinct\":3,\"sorted\":false}");
	ask(&event, "index 8 is out of bounds for dimension 0 with size 8", NULL, number("len(data.index)", 7));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "if it counts from 1, subtract 1"));
	CU_ASSERT_PTR_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "would fit"));
	count_values(0, NULL);
}

static bool
called(const char *name, const char *hints)
{
	json_t *is = json_pack("{s:s, s:i}", "name", name, "value", 32);
	bool found = cause_is_called(is, hints);

	json_decref(is);
	return found;
}

/* A number that counts something else is no size, whatever else its name says. */
static void
test_names(void)
{
	CU_ASSERT_FALSE(called("self.config.num_channels", "frame image num_"));
	CU_ASSERT_TRUE(called("self.config.num_channels", "features channels size"));
	CU_ASSERT_FALSE(called("config.max_position_embeddings", "hidden width embed"));
	CU_ASSERT_TRUE(called("config.max_position_embeddings", cause_limits));
	CU_ASSERT_FALSE(called("config.max_window_layers", cause_limits));
	CU_ASSERT_TRUE(called("config.num_labels", "class label"));
	CU_ASSERT_FALSE(called("config.num_labels", "size num"));
	CU_ASSERT_FALSE(called("config.num_queries", "num_ vocab"));
}

/* What the failing operand was before, where its dtype disagrees. */
static void
test_kind(void)
{
	struct mismatch differs = { .property = "dtype", .operand = 0, .against = 1 };
	struct text text = {{0}, 0};
	struct event *event;

	start();
	for (int i = 0; i < CALLS + 1; i++) {
		event = add("aten::mul", 3, i, 2);
		operands[i][0] = tensor("self", 100 + i, 4, -1);
		operands[i][1] = tensor("other", 91, 4, -1);
	}
	history_add_kind(&source, 0, event, &differs, CALLS, &text);
	CU_ASSERT_STRING_EQUAL(text.data, ""); /* both as ever */
	operands[CALLS][0].dtype = "float64";
	history_add_kind(&source, 0, event, &differs, CALLS, &text);
	CU_ASSERT_STRING_EQUAL(text.data, ": self was float32 every time");
	operands[2][0].dtype = "float16";
	text = (struct text){{0}, 0};
	history_add_kind(&source, 0, event, &differs, CALLS, &text);
	CU_ASSERT_STRING_EQUAL(text.data, ""); /* it varied */
}

static json_t *
frame(const char *file, int line)
{
	return json_pack("{s:s, s:i, s:s}", "file", file, "line", line, "function", "f");
}

/* The program's own line beside an installed package's. */
static void
test_caller(void)
{
	json_t *frames = json_pack("[o, o, o]", frame("/v/site-packages/torch/nn/functional.py", 3), frame("/v/site-packages/transformers/models/llava.py", 7),
				   frame("/p/train.py", 12));

	CU_ASSERT_STRING_EQUAL(text_get(where_caller(frames), "file"), "/p/train.py");
	json_array_remove(frames, 1); /* then that line is the one that is told */
	CU_ASSERT_PTR_NULL(where_caller(frames));
	json_decref(frames);
}

/* Who called the backward in which what is shown ran; where the program's line stands outside of it, nobody. */
static void
test_backward(void)
{
	json_t *engine = frame("/v/site-packages/torch/autograd/graph.py", 979), *frames;

	text_set(engine, "function", "_engine_run_backward");
	frames = json_pack("[o, o, o, o]", frame("/p/model.py", 7), engine, frame("/v/site-packages/torch/_tensor.py", 3), frame("/p/train.py", 12));
	CU_ASSERT_STRING_EQUAL(text_get(where_backward(frames), "file"), "/p/train.py");
	json_array_remove(frames, 0); /* then that line is the one that is told */
	CU_ASSERT_PTR_NULL(where_backward(frames));
	json_decref(frames);
	frames = json_pack("[o, o]", frame("/p/model.py", 7), frame("/p/train.py", 12));
	CU_ASSERT_PTR_NULL(where_backward(frames));
	json_decref(frames);
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "a class token", test_class_token);
	CU_add_test(suite, "indices that count from 0", test_index);
	CU_add_test(suite, "names that count something else", test_names);
	CU_add_test(suite, "what a dtype was before", test_kind);
	CU_add_test(suite, "who called a package", test_caller);
	CU_add_test(suite, "who called the backward", test_backward);
	CU_add_test(suite, "whole images too many or too few", test_whole_images);
	CU_add_test(suite, "images that a limit left out", test_images_left_out);
	CU_add_test(suite, "neighbours put into one", test_merged);
	CU_add_test(suite, "pictures that are joined", test_pictures);
	CU_add_test(suite, "what was joined before a view", test_joined_before_view);
}

int
main(void)
{
	return run_suite("what causes rest on", fill);
}
