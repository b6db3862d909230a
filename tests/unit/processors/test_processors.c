/* processors.c, face_swapper.c, face_enhancer.c */
#include "heads.h"

#include <string.h>

#include "base/str.h"
#include "processors/face_enhancer.h"
#include "processors/face_swapper.h"

struct fixture {
    struct fus_models *models;
    struct fus_params *params;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    assert_int_equal(fus_models_open(NULL, NULL, &fixture.models, NULL), 0);
    fixture.params = fus_params_new(fus_processors_schema());
    assert_non_null(fixture.params);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fus_params_free(fixture->params);
    fus_models_free(fixture->models);
    return 0;
}

static void the_schema_has_every_name_once_and_valid_defaults(void **state)
{
    struct fixture *fixture = *state;
    const struct fus_param_schema *schema = fus_processors_schema();
    assert_ptr_equal(schema, fus_processors_schema());
    for (size_t i = 0; i < fus_param_schema_size(schema); i++) {
        const struct fus_param *param = fus_param_at(schema, i);
        assert_ptr_equal(fus_param_find(schema, param->name), param);
        if (param->default_text && !param->short_for)
            assert_int_equal(
                fus_params_take_text(fixture->params, param->name, param->default_text, NULL), 0);
    }
    assert_non_null(fus_param_find(schema, "face_swapper_keep_eyes"));
    assert_non_null(fus_param_find(schema, "face_enhancer_blend"));
}

static void processors_are_found_by_name(void **state)
{
    size_t count;
    const struct fus_processor_descriptor *const *all = fus_processors(&count);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(fus_processor_find(all[i]->name), all[i]);
    assert_null(fus_processor_find("face_swopper"));
    assert_null(fus_processor_find(NULL));
}

static void the_swapper_runs_mesh_blend_when_no_other_is_there(void **state)
{
    struct fixture *fixture = *state;
    const struct fus_model *model = NULL;
    assert_int_equal(fus_face_swapper.check(fixture->params, fixture->models, &model, NULL), 0);
    assert_string_equal(model->id, "mesh_blend");
    assert_int_equal(fus_face_swapper.source_type(fixture->params, fixture->models),
                     FUS_SOURCE_TYPE_COMPOSITE);
}

static void a_named_model_that_is_missing_is_model_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct fus_error err = {0};
    assert_int_equal(
        fus_params_take_text(fixture->params, "face_swapper_model", "inswapper_128", NULL), 0);
    assert_int_equal(fus_face_swapper.check(fixture->params, fixture->models, NULL, &err),
                     FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(err.detail, "inswapper_128"));
}

static void the_enhancer_sharpens_when_no_model_is_there(void **state)
{
    struct fixture *fixture = *state;
    const struct fus_model *model = NULL;
    assert_int_equal(fus_face_enhancer.check(fixture->params, fixture->models, &model, NULL), 0);
    assert_string_equal(model->id, "detail");
    assert_int_equal(fus_face_enhancer.source_type(fixture->params, fixture->models),
                     FUS_SOURCE_TYPE_COMPOSITE);
}

static void an_enhancer_that_is_missing_is_model_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct fus_error err = {0};
    assert_int_equal(
        fus_params_take_text(fixture->params, "face_enhancer_model", "gfpgan_1.4", NULL), 0);
    assert_int_equal(fus_face_enhancer.check(fixture->params, fixture->models, NULL, &err),
                     FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(err.detail, "gfpgan_1.4"));
}

static void all_problems_of_a_request_come_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct fus_error_list errors = {0};
    assert_int_equal(fus_params_take_text(fixture->params, "processors",
                                          "face_swapper face_enhancer frame_colorizer", NULL),
                     0);
    assert_int_equal(
        fus_params_take_text(fixture->params, "face_enhancer_model", "gfpgan_1.4", NULL), 0);
    assert_int_equal(
        fus_params_take_text(fixture->params, "face_detector_model", "retinaface", NULL), 0);
    fus_processors_check(fixture->params, fixture->models, "/parameters", &errors);
    assert_int_equal(errors.count, 3);
    assert_string_equal(errors.items[0].pointer, "/parameters/face_enhancer_model");
    assert_int_equal(errors.items[0].code, FUS_E_MODEL_NOT_FOUND);
    assert_string_equal(errors.items[1].pointer, "/parameters/processors/2");
    assert_int_equal(errors.items[1].code, FUS_E_INVALID_PARAMETER);
    assert_string_equal(errors.items[2].pointer, "/parameters/face_detector_model");
}

static void remember(void *user, const char *code, const char *text)
{
    fus_str_append(user, code);
    fus_str_append(user, " ");
}

static int open_with(struct fixture *fixture, const struct head *head, bool face,
                     struct fus_str *warnings, struct fus_processor **processor,
                     struct fus_error *err)
{
    static const int skin[3] = {150, 175, 215};
    static struct fus_source source;
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, 400, 400, NULL), 0);
    head_paint(head, skin, &image);
    source = (struct fus_source){.image = image, .index = 3};
    if (face) {
        head_face(head, &source.faces.items[0]);
        struct head small = *head;
        small.scale /= 3;
        head_face(&small, &source.faces.items[1]);
        source.faces.count = 2;
    }
    const struct fus_processor_context context = {.params = fixture->params,
                                                  .models = fixture->models,
                                                  .sources = &source,
                                                  .source_count = 1,
                                                  .threads = 1,
                                                  .warn = remember,
                                                  .warn_user = warnings};
    return fus_face_swapper.open(&context, processor, err);
}

static void a_source_without_a_face_is_named(void **state)
{
    struct fus_error err = {0};
    struct fus_processor *processor = NULL;
    FUS_AUTO_STR struct fus_str warnings = {0};
    const struct head head = {200, 150, 80, 0, 0};
    assert_int_equal(open_with(*state, &head, false, &warnings, &processor, &err),
                     FUS_E_NO_FACE_IN_SOURCE);
    assert_non_null(strstr(err.detail, "source_images/3"));
    assert_string_equal(err.pointer, "/source_images/3");
    assert_null(processor);
}

static void a_small_donor_is_warned_of(void **state)
{
    for (int small = 0; small < 2; small++) {
        struct fus_processor *processor = NULL;
        FUS_AUTO_STR struct fus_str warnings = {0};
        const struct head head = {200, 150, small ? 30.0f : 80.0f, 0, 0};
        assert_int_equal(open_with(*state, &head, true, &warnings, &processor, NULL), 0);
        assert_int_equal(warnings.text && strstr(warnings.text, "source_face_small") != NULL,
                         small);
        fus_face_swapper.close(processor);
    }
    fus_face_swapper.close(NULL);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_schema_has_every_name_once_and_valid_defaults),
        cmocka_unit_test(processors_are_found_by_name),
        WITH_FIXTURE(the_swapper_runs_mesh_blend_when_no_other_is_there),
        WITH_FIXTURE(a_named_model_that_is_missing_is_model_not_found),
        WITH_FIXTURE(the_enhancer_sharpens_when_no_model_is_there),
        WITH_FIXTURE(an_enhancer_that_is_missing_is_model_not_found),
        WITH_FIXTURE(all_problems_of_a_request_come_at_once),
        WITH_FIXTURE(a_source_without_a_face_is_named),
        WITH_FIXTURE(a_small_donor_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
