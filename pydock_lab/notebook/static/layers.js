// Layers are opened as a registry is; what is chosen in one is told to the kernel, which reads it.
export default { render: (context) => picture(context, opens(context, "filter-files")) };
