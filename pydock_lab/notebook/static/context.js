// The folders of a context are opened as the layers of an image are.
export default { render: (context) => picture(context, opens(context, "filter-context")) };
